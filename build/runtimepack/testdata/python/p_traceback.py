import json


def outer():
    return json.loads("{")


try:
    outer()
except ValueError as error:
    raise RuntimeError("failed é") from error
