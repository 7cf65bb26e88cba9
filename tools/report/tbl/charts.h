/* CHART(from, title, caption, its curves: { key, label } ...)
 *
 * One run: all curves of a row in one picture. Several: a picture for each curve, a colour for each run.
 */
CHART(SERIES, "Delivery time", "From sending to receiving, for all that arrived in each second.",
      { "latency_p99_ms", "99 of 100" }, { "latency_p50_ms", "half" }, { "latency_max_ms", "slowest" })
CHART(PERCENTILES, "How the times are spread",
      "How many (across) took no longer than this (up). Each step to the right leaves a tenth as many out.",
      { "latency", "delivery" }, { "ack", "acknowledgement" }, { "connect", "connecting" })
CHART(SERIES, "Deliveries a second", "Messages that arrived at receivers.", { "deliveries_per_s", "deliveries" })
CHART(SERIES, "Messages sent a second", "Messages that clients handed to the server.", { "sent_per_s", "sent" })
CHART(SERIES, "CPU", "100 % is one core fully used. The generator is the program that plays the clients.",
      { "server_cpu_percent", "server" }, { "generator_cpu_percent", "load generator" })
CHART(SERIES, "Memory", "Held by the server's process, and by the kernel for sockets.",
      { "server_rss_bytes", "server" }, { "kernel_memory_bytes", "kernel" })
CHART(SERIES, "Connections", "Open at that moment.", { "connections", "connections" })
CHART(SERIES, "Connections opened a second", "New ones, while the clients come.", { "connects_per_s", "opened" })
CHART(ERRORS, "Errors a second", "What went wrong, of any kind.", { "errors_per_s", "errors" })
