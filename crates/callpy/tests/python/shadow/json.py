"""A file with the name of a standard module."""

import json


def which():
    return "mine", json.dumps([1])
