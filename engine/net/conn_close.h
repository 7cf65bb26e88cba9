/* conn_close.h - the ways out of a connection, which all meet in one join. For net/ alone.
 */
#ifndef NET_CONN_CLOSE_H
#define NET_CONN_CLOSE_H

#include "engine/net/conn.h"

/* The peer will send nothing more, or the receive failed. */
void conn_peer_ended(struct net *net, struct conn *conn);

/* Bytes came while it was finishing. */
void conn_heard(struct net *net, struct conn *conn);

/* A flight is over and went well. */
void conn_flown(struct net *net, struct conn *conn);

/* Goes on with a close that waited for the kernel, if it now can. */
void conn_join(struct net *net, struct conn *conn);

/* The socket is gone: the slot is free. */
void conn_closed(struct net *net, struct conn *conn);

#endif
