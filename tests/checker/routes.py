"""routes - the HTTP API's requests and answers as the commands and answers that docs/protocol/native.md has for them.

By docs/operate/api.md: whatever a route answers is what the native protocol answers. So the judge, whose rules are those
of the native protocol, needs no others for back ends.
"""
from urllib.parse import parse_qsl, unquote, urlsplit

KEY_NAME = "rig"  # of the key in the server's file
KEY_USER = "@" + KEY_NAME  # in whose name it speaks and acts
OTHER_USER = "till"  # or in this one, of whom there is no connection
ACTS = ("kick", "ban", "unban", "mute", "unmute", "slow", "lock", "unlock")


def command_of(request):
    """The command that a request is, and in whose name."""
    url = urlsplit(request["path"])
    where = [unquote(part) for part in url.path.removeprefix("/api/v1/").split("/")]
    if request["method"] == "POST" and where == ["publish"]:
        body = dict(request["body"])
        user = body.pop("user", KEY_USER)
        return {"op": "send", "id": request["id"], **body}, user
    if request["method"] == "POST" and where[0] == "rooms" and where[2] in ACTS:
        return {"op": "mod", "id": request["id"], "room": where[1], "act": where[2], **request["body"]}, KEY_USER
    if request["method"] == "GET" and where[0] == "rooms" and where[2] == "history":
        numbers = {name: int(value) for name, value in parse_qsl(url.query)}
        return {"op": "history", "id": request["id"], "room": where[1], **numbers}, KEY_USER
    raise ValueError(f"no request that this rig makes: {request}")


def answer_of(answer):
    """An answer without JSON is of a server that is not there any more: nobody knows."""
    if answer["status"] == 200:
        return {"re": answer["re"], "ok": answer["body"]}
    body = answer["body"]
    code = body["error"]["code"] if body else "unavailable"
    return {"re": answer["re"], "err": {"code": code, "status": answer["status"]}}
