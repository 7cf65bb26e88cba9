/* dialects.h - every dialect: DIALECT(symbol) stands for the struct dialect_symbol; the order is that of the list. */
DIALECT(native)
DIALECT(raw)
DIALECT(nchan)
DIALECT(nchan_pub)
DIALECT(mqtt)
DIALECT(nats)
DIALECT(nats_tcp)
