/* Every counter that is told apart by a label, once: FAMILY(name, size, label, help). The label has so many values at
 * the most; what they are called says engine/ops/metrics.c, by the table that each stands for. */
FAMILY(messages, 32, class, "Messages, edits, deletions and reactions given a seq, by the class of their room.")
FAMILY(closes, 64, reason, "WebSocket connections that ended, by the reason of our Close; lost: without one.")
FAMILY(command_errors, 64, code, "Commands answered with an error, by its code.")
FAMILY(refusals, 128, rule, "Rules that peers broke, by the name of the line in the log.")
FAMILY(auth, 64, result, "Who asked to be let in: accepted by a token, as a guest, or why not.")
