/* Every event that reaches members, once: CHAT_EVENT(name, logged).
 * A logged event takes a seq and is kept in the room's history. */
CHAT_EVENT(msg, true)
CHAT_EVENT(edit, true)
CHAT_EVENT(del, true)
CHAT_EVENT(react, true)
CHAT_EVENT(mod, true)
CHAT_EVENT(in, false)
CHAT_EVENT(out, false)
CHAT_EVENT(count, false)
CHAT_EVENT(typing, false)
CHAT_EVENT(read, false)
