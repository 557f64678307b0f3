"""Validates bills of materials by the validators of the formats' own projects.

Arguments: pairs of a format, spdx or cyclonedx, and a file. The first mistake ends it.
"""

import sys

from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from spdx_tools.spdx.parser.parse_anything import parse_file
from spdx_tools.spdx.validation.document_validator import validate_full_spdx_document


def mistakes(kind, name):
    if kind == "spdx":
        return [m.validation_message for m in validate_full_spdx_document(parse_file(name))]
    with open(name, encoding="utf-8") as f:
        mistake = JsonStrictValidator(SchemaVersion.V1_6).validate_str(f.read())
    return [str(mistake)] if mistake else []


for kind, name in zip(sys.argv[1::2], sys.argv[2::2]):
    found = mistakes(kind, name)
    if found:
        sys.exit(f"{name}: " + "; ".join(found))
