package attest
import (
 _ "github.com/CycloneDX/cyclonedx-go"
 _ "github.com/spdx/tools-golang/spdx/v2/v2_3"
)
