/* Every act of moderation, once: CHAT_MOD(name, the right it takes, concerns a user, ends by itself if so asked). */
CHAT_MOD(kick, moderate, true, false)
CHAT_MOD(ban, moderate, true, true)
CHAT_MOD(unban, moderate, true, false)
CHAT_MOD(mute, moderate, true, true)
CHAT_MOD(unmute, moderate, true, false)
CHAT_MOD(slow, manage, false, false)
CHAT_MOD(lock, manage, false, false)
CHAT_MOD(unlock, manage, false, false)
