/* CHART(from, title, caption, its curves) with CURVE(key, label)
 *
 * One run: all curves of a row in one picture. Several: a picture for each curve, a colour for each run.
 */
CHART(SERIES, "Delivery time", "From sending to receiving, for all that arrived in each second.",
      CURVE("latency_p99_ms", "99 of 100"), CURVE("latency_p50_ms", "half"), CURVE("latency_max_ms", "slowest"))
CHART(PERCENTILES, "How the times are spread",
      "How many (across) took no longer than this (up). Each step to the right leaves a tenth as many out.",
      CURVE("latency", "delivery"), CURVE("ack", "acknowledgement"), CURVE("connect", "connecting"))
CHART(SERIES, "Deliveries a second", "Messages that arrived at receivers.", CURVE("deliveries_per_s", "deliveries"))
CHART(SERIES, "Messages sent a second", "Messages that clients handed to the server.", CURVE("sent_per_s", "sent"))
CHART(SERIES, "CPU", "100 % is one core fully used. The generator is the program that plays the clients.",
      CURVE("server_cpu_percent", "server"), CURVE("generator_cpu_percent", "load generator"))
CHART(SERIES, "Memory", "Held by the server's process, and by the kernel for sockets.",
      CURVE("server_rss_bytes", "server"), CURVE("kernel_memory_bytes", "kernel"))
CHART(SERIES, "Connections", "Open at that moment.", CURVE("connections", "connections"))
CHART(SERIES, "Connections opened a second", "New ones, while the clients come.", CURVE("connects_per_s", "opened"))
CHART(ERRORS, "Errors a second", "What went wrong, of any kind.", CURVE("errors_per_s", "errors"))
