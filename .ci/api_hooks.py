"""What schemathesis cannot invent: keys of rows that are there, versions of theirs, codes, places inside the demonstration.

Half of the cases get them, so that tests reach beyond "there is no such row"; the other half stays as it was invented.
Which half follows from the case itself, so that a run with the same seed is the same run.
Read by schemathesis from SCHEMATHESIS_HOOKS; the server and the token come by MB_ADDRESS and MB_TOKEN.
"""

import json
import os
import urllib.error
import urllib.request
import zlib

import schemathesis


def read(path):
    request = urllib.request.Request(os.environ["MB_ADDRESS"] + path, headers={"authorization": "Bearer " + os.environ["MB_TOKEN"]})
    try:
        with urllib.request.urlopen(request) as answer:
            return json.load(answer)
    except urllib.error.HTTPError as refusal:
        if refusal.code == 403:  # these tests run under several roles
            return {}
        raise


def rows(noun):
    return {row["id"]: row["geometry"] for row in read(f"/api/{noun}?limit=5").get("features", [])}


FEATURES = {noun: rows(noun) for noun in ("areas", "cells", "households", "facilities", "incidents")}
KEYS = {noun: list(found) for noun, found in FEATURES.items()}
KEYS["settings"] = [row["key"] for row in read("/api/settings").get("items", [])]
KEYS["service-standards"] = [row["id"] for row in read("/api/service-standards").get("items", [])]
KEYS["jobs"] = [row["id"] for row in read("/api/jobs").get("items", [])]
KEYS["users"] = [row["id"] for row in read("/api/users").get("items", []) if row["account"].startswith("demo-")]
POINTS = [geometry for geometry in FEATURES["facilities"].values() if geometry]
CODES = {name: [row["code"] for row in found] for name, found in read("/api/codes").items() if isinstance(found, list)}
CODES["category"], CODES["source"], CODES["kind"] = (CODES.get(name, []) for name in ("incident_category", "incident_source", "facility_kind"))
NEEDED = {
    "/api/facilities": {"kind": "F08", "name_zh": "调解室"},
    "/api/incidents": {"category": "02", "occurred_on": "2026-01-05"},
    "/api/areas": {"code": "990321099", "name_zh": "新镇"},
}
TILES = ["areas", "cells,cell_labels", "households", "facilities", "incidents", "water,roads"]


def number(*case):
    return zlib.crc32(repr(case).encode())


def chosen(choices, value, *case):
    """One of the choices for half of the cases, else the value."""
    n = number(value, *case)
    return choices[n // 2 % len(choices)] if choices and n % 2 else value


@schemathesis.hook
def map_path_parameters(context, path_parameters):
    path = context.operation.path
    for name, value in (path_parameters or {}).items():
        if name in ("id", "code", "key"):
            path_parameters[name] = str(chosen(KEYS.get(path.split("/")[2], []), value, path))
        elif name == "layers":
            path_parameters[name] = chosen(TILES, value)
        elif name in ("z", "x", "y"):
            path_parameters[name] = chosen(["0", "1", "2", "9"], value, name)
    return path_parameters


@schemathesis.hook
def map_headers(context, headers):
    if headers and "If-Match" in headers:
        headers["If-Match"] = chosen(['"v1"', '"v2"'], headers["If-Match"])
    return headers


@schemathesis.hook
def map_query(context, query):
    if query and "within" in query:
        query["within"] = chosen(KEYS["areas"], query["within"])
    if query and "bbox" in query:
        query["bbox"] = chosen(["100,20,130,50", "119,29,121,31"], query["bbox"])
    return query


@schemathesis.hook
def map_body(context, body):
    if not isinstance(body, dict):
        return body
    if "geometry" in body:
        body["geometry"] = chosen(POINTS, body["geometry"])
    properties = body.get("properties")
    if isinstance(properties, dict):
        # what a new row needs, which the description cannot say, since an edit may leave it out
        needed = NEEDED.get(context.operation.path, {}) if context.operation.method.lower() == "post" else {}
        for name, value in needed.items():
            properties[name] = chosen([value], properties.get(name, value), name)
        for name in properties:
            properties[name] = chosen(CODES.get(name, []), properties[name], name)
    return body
