/* Every rule whose breaking is counted and told in the log, once: OFFENCE(rule, counter, reason). */
OFFENCE(protocol_error, protocol_errors, "what came breaks the protocol")
OFFENCE(message_timeout, message_timeouts, "a message did not become whole in time")
OFFENCE(fragment_flood, fragment_floods, "more fragments and control frames than --fragment-rate allows")
OFFENCE(ping_flood, ping_floods, "more WebSocket pings than --ping-rate allows")
OFFENCE(rate_limited, rate_limited, "more commands than the rates allow")
OFFENCE(flood, floods, "went on although commands were refused")
OFFENCE(hello_timeout, hello_timeout, "no hello in time")
OFFENCE(slow, slow_closed, "takes what is sent too slowly")
