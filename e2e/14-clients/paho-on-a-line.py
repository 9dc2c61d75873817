"""Paho on a line: takes commands as JSON on its standard input, tells what Paho calls back, one JSON object a line."""

import json
import ssl
import sys
import threading

import paho.mqtt.client as mqtt
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.subscribeoptions import SubscribeOptions


class ResumingContext(ssl.SSLContext):
    """A TLS context that offers the session of the connection before where it is told to, as an application may."""

    socket = session = None
    resume = False

    def wrap_socket(self, *args, **options):
        self.socket = super().wrap_socket(*args, session=self.session if self.resume else None, **options)
        return self.socket

    def keep_session(self):
        self.session = self.socket.session  # gone with the connection


def tell(event, **facts):
    print(json.dumps({"event": event, **facts}), flush=True)


def plain(properties):
    """Properties as JSON takes them; Paho tells binary ones in hex."""
    values = {} if properties is None else properties.json()
    if "CorrelationData" in values:
        values["CorrelationData"] = bytes.fromhex(values["CorrelationData"]).decode()
    return values


def properties_of(packet_type, wanted):
    properties = Properties(packet_type)
    for name, value in wanted.items():
        is_pairs = name == "UserProperty"
        setattr(properties, name, [tuple(pair) for pair in value] if is_pairs else encoded(name, value))
    return properties


def encoded(name, value):
    return value.encode() if name == "CorrelationData" else value


settings = json.loads(sys.argv[1])
version = {"3.1": mqtt.MQTTv31, "3.1.1": mqtt.MQTTv311, "5": mqtt.MQTTv5}[settings["protocol"]]
is_five = version == mqtt.MQTTv5
context = ResumingContext(ssl.PROTOCOL_TLS_CLIENT)
context.load_verify_locations(settings["caFile"])
context.load_cert_chain(settings["certFile"], settings["keyFile"])
if "tls" in settings:
    context.minimum_version = context.maximum_version = getattr(ssl.TLSVersion, settings["tls"].replace(".", "_"))

# Paho 2 asks which generation of callbacks is meant; Paho 1 has only one.
versions = [mqtt.CallbackAPIVersion.VERSION1] if hasattr(mqtt, "CallbackAPIVersion") else []
transport = "websockets" if settings["transport"] == "wss" else "tcp"
client = mqtt.Client(
    *versions,
    client_id=settings["clientId"],
    protocol=version,
    transport=transport,
    reconnect_on_failure=False,
)
client.tls_set_context(context)


def on_connect(_client, _userdata, flags, code, properties=None):
    context.keep_session()
    rc = code.value if is_five else code
    tell("connect", code=rc, present=bool(flags["session present"]), properties=plain(properties))


def on_disconnect(_client, _userdata, code, properties=None):
    named = code.getName() if hasattr(code, "getName") else mqtt.error_string(code)
    tell("disconnect", code=getattr(code, "value", code), name=named, properties=plain(properties))


def on_message(_client, _userdata, message):
    properties = plain(getattr(message, "properties", None))
    payload = message.payload.decode()
    tell("message", topic=message.topic, payload=payload, qos=message.qos, retain=message.retain, properties=properties)


def on_subscribe(_client, _userdata, mid, granted, properties=None):
    tell("suback", mid=mid, codes=[getattr(code, "value", code) for code in granted])


client.on_connect = on_connect
client.on_disconnect = on_disconnect
client.on_message = on_message
client.on_subscribe = on_subscribe
client.on_publish = lambda _client, _userdata, mid: tell("published", mid=mid)


def connect(command):
    more = {}
    if is_five:
        more["clean_start"] = command.get("clean", True)
        more["properties"] = properties_of(PacketTypes.CONNECT, command.get("properties", {}))
    if "will" in command:
        client.will_set(**command["will"])
    context.resume = command.get("resume", False)
    client.loop_stop()  # the network thread of the connection before, which has ended
    try:
        client.connect(settings["host"], settings["port"], command.get("keepAlive", 60), **more)
    except (OSError, mqtt.WebsocketConnectionError) as error:
        tell("failed", name=type(error).__name__, detail=str(error))
    else:
        client.loop_start()


def subscribe(command):
    if is_five:
        client.subscribe(
            command["filter"],
            options=SubscribeOptions(qos=command["qos"]),
            properties=properties_of(PacketTypes.SUBSCRIBE, command.get("properties", {})),
        )
    else:
        client.subscribe(command["filter"], command["qos"])


def publish(command):
    wanted = {"properties": properties_of(PacketTypes.PUBLISH, command.get("properties", {}))} if is_five else {}
    payload = command.get("payload", "x" * command.get("size", 0))
    client.publish(command["topic"], payload, command["qos"], command.get("retain", False), **wanted)


def disconnect(command):
    client.disconnect()


threading.excepthook = lambda died: tell("failed", name=died.exc_type.__name__, detail=str(died.exc_value))
actions = {"connect": connect, "subscribe": subscribe, "publish": publish, "disconnect": disconnect}
for line in sys.stdin:
    command = json.loads(line)
    actions[command["do"]](command)
