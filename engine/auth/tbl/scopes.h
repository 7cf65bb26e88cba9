/* Every scope that a key of the HTTP API may have, once: SCOPE(name, rights in every room, what it allows). */
SCOPE(publish, CHAT_RIGHT_send, "publish to every room, in anybody's name")
SCOPE(read, CHAT_RIGHT_read | CHAT_RIGHT_history | CHAT_RIGHT_presence,
      "list rooms, read what was said in them, and who is there")
SCOPE(moderate, CHAT_RIGHT_moderate, "delete messages; kick, ban and mute in rooms; disconnect users")
SCOPE(manage, CHAT_RIGHT_moderate | CHAT_RIGHT_manage, "make rooms slow, lock them; ban users from the whole server")
SCOPE(metrics, CHAT_RIGHTS_NONE, "figures for the status page")
SCOPE(admin, CHAT_RIGHTS_ALL, "all of these, and what concerns the server itself: reload, log level")
