"""Calls the API with Apache Libcloud: reads one JSON object of calls, writes one JSON list of what Libcloud told of each."""

import ast
import json
import sys
from urllib.parse import urlsplit

import libcloud.security
from libcloud.common.aliyun import AliyunXmlResponse, SignedAliyunConnection
from libcloud.common.exceptions import BaseHTTPError


class OnsMqttConnection(SignedAliyunConnection):
    """Set up as Libcloud sets up the connections of its own Aliyun drivers."""

    api_version = "2020-04-20"
    responseCls = AliyunXmlResponse
    service_name = "onsmqtt"


def told(element):
    """An element as plain data: text, or its children by name, each a list."""
    if len(element) == 0:
        return element.text or ""
    children = {}
    for child in element:
        children.setdefault(child.tag, []).append(told(child))
    return children


def call(connection, action, parameters, method):
    try:
        answer = connection.request("/", params={"Action": action, **parameters}, method=method)
    except BaseHTTPError as error:
        return {"refused": error.code, **ast.literal_eval(error.message)}
    except Exception as error:
        return {"failed": type(error).__name__, "message": str(error)}
    return {"status": answer.status, "root": answer.object.tag, "id": answer.request_id, "told": told(answer.object)}


work = json.load(sys.stdin)
if work["caFile"]:
    libcloud.security.CA_CERTS_PATH = work["caFile"]
origin = urlsplit(work["origin"])
connections = {}


def connection_of(key):
    """One connection a key, as a program would have."""
    if key not in connections:
        where = {"secure": origin.scheme == "https", "host": origin.hostname, "port": origin.port}
        connections[key] = OnsMqttConnection(*key, timeout=30, **where)
    return connections[key]


json.dump([call(connection_of(tuple(key)), *one) for key, *one in work["calls"]], sys.stdout)
