"""A device on Paho: subscribes, tells what happens one line each, and goes on trying as Paho does by itself."""

import json
import ssl
import sys

import paho.mqtt.client as mqtt

how = json.loads(sys.argv[1])
connected = False


def on_connect(client, _userdata, _flags, code):
    global connected
    if code == 0:
        connected = True
        client.subscribe(how["filter"], qos=1)
    else:
        print("refused", code, flush=True)


def on_subscribe(_client, _userdata, _mid, _granted):
    print("accepted", flush=True)


def on_disconnect(_client, _userdata, code):
    global connected
    print("lost" if connected else "refused", code, flush=True)
    connected = False


def on_message(_client, _userdata, message):
    print("message", message.payload.decode(), flush=True)


# Paho 2 asks which generation of callbacks is meant; Paho 1 has only one.
versions = [mqtt.CallbackAPIVersion.VERSION1] if hasattr(mqtt, "CallbackAPIVersion") else []
client = mqtt.Client(*versions, client_id=how["clientId"], protocol=mqtt.MQTTv311, transport=how["transport"])
client.on_connect = on_connect
client.on_subscribe = on_subscribe
client.on_disconnect = on_disconnect
client.on_message = on_message
if "caFile" in how:
    tls = {"tls_version": ssl.PROTOCOL_TLS_CLIENT}
    client.tls_set(how["caFile"], how.get("certFile"), how.get("keyFile"), **tls)
if "username" in how:
    client.username_pw_set(how["username"], how["password"])
client.reconnect_delay_set(min_delay=1, max_delay=1)
client.connect_async(how["host"], int(how["port"]), keepalive=30)
while True:
    try:
        print("connecting", flush=True)
        client.loop_forever(retry_first_connection=True)
    except OSError as error:
        # On TLS 1.3 a refusal may show as an error of the read or the write, which leaves the loop.
        print("lost" if connected else "refused", error, flush=True)
        connected = False
