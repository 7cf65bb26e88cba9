/* Every right that somebody may have in a room, once: RIGHT(name, what it allows). */
RIGHT(read, "join it, and get what is said in it from then on or since a position")
RIGHT(send, "send, edit and delete what is one's own, react, type")
RIGHT(history, "read what was said before, and search it")
RIGHT(presence, "be told who is in it, comes, goes, types and has read")
RIGHT(moderate, "delete others' messages; kick, ban and mute who may not do so themselves")
RIGHT(manage, "make it slow, lock it, and moderate those who may moderate")
