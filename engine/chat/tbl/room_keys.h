/* What may be said of a class of rooms, once: ROOM_KEY(name, what it takes). */
ROOM_KEY(class, "disk or memory")
ROOM_KEY(messages, "a whole number up to 1000000000, 0 for no bound of its own")
ROOM_KEY(bytes, "bytes up to 1T (K, M, G or T may follow), 0 for no bound of its own")
ROOM_KEY(age, "a time up to 36500d (ms, s, m, h or d must follow), 0 for no bound of its own")
ROOM_KEY(presence, "on or off")
ROOM_KEY(slow, "catch-up, latest or disconnect")
ROOM_KEY(page, "a whole number from 1 to 200")
