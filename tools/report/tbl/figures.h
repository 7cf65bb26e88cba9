/* FIGURE(key in the summary, better when, title, what it says to someone who has never seen the project)
 * GROUP(title)
 */
GROUP("Did everything arrive?")
FIGURE("connected", NEITHER, "Connections",
       "Clients that were connected to the server.")
FIGURE("connect_failed", LESS, "Connections refused",
       "Clients that tried to connect and could not.")
FIGURE("join_failed", LESS, "Rooms refused",
       "Rooms that clients asked to enter and could not.")
FIGURE("dropped", LESS, "Connections lost",
       "Clients that were thrown out or lost their connection during the test.")
FIGURE("sent", NEITHER, "Messages sent",
       "Messages that clients handed to the server.")
FIGURE("refused", LESS, "Messages refused",
       "Messages that the server did not take, and said so.")
FIGURE("unanswered", LESS, "Messages not answered",
       "Messages that the server neither acknowledged nor refused, where each was to be.")
FIGURE("expected", NEITHER, "Deliveries expected",
       "Each message goes to everybody in its room; this is the sum over all messages.")
FIGURE("received", NEITHER, "Deliveries",
       "Deliveries that arrived. Each was checked for its content, its order and its room.")
FIGURE("delivered_percent", MORE, "Delivered",
       "The part of the expected deliveries that arrived.")
FIGURE("lost", LESS, "Lost",
       "Deliveries that never arrived.")
FIGURE("duplicated", LESS, "Doubled",
       "Deliveries that arrived more than once.")
FIGURE("reordered", LESS, "Out of order",
       "Deliveries that arrived before one that was sent earlier.")
FIGURE("corrupted", LESS, "Damaged",
       "Deliveries whose bytes were not those that were sent.")
FIGURE("foreign", LESS, "Misdirected",
       "Deliveries that came to somebody who was not in the room.")
FIGURE("excused", LESS, "Excused",
       "Deliveries that did not arrive, where the server itself had said that they would not.")
GROUP("How fast?")
FIGURE("latency_mean_ms", LESS, "Delivery time, average",
       "The sum of all delivery times by their number.")
FIGURE("latency_p50_ms", LESS, "Delivery time, half",
       "Half of the deliveries took no longer than this, from sending to receiving.")
FIGURE("latency_p99_ms", LESS, "Delivery time, 99 of 100",
       "99 of 100 deliveries took no longer than this. What users call fast or slow.")
FIGURE("latency_p99_9_ms", LESS, "Delivery time, 999 of 1,000",
       "999 of 1,000 deliveries took no longer than this.")
FIGURE("latency_max_ms", LESS, "Delivery time, slowest",
       "The slowest delivery of all.")
FIGURE("ack_p99_ms", LESS, "Acknowledged, 99 of 100",
       "How long a sender waited until the server said that it has the message.")
FIGURE("connect_p99_ms", LESS, "Connected, 99 of 100",
       "How long it took to open a connection, up to the first words of the protocol.")
FIGURE("join_p99_ms", LESS, "Joined, 99 of 100",
       "How long it took to enter a room.")
FIGURE("recovered_s", LESS, "Recovered",
       "After all connections were cut at once: the time until everybody was back and had caught up.")
FIGURE("not_recovered", LESS, "Not caught up",
       "How often somebody who came back to a room was not given what it had missed there.")
GROUP("How much?")
FIGURE("duration_s", NEITHER, "Measured for",
       "How long the measured part of the test was.")
FIGURE("sent_per_s", NEITHER, "Messages sent",
       "Messages that clients handed to the server, each second.")
FIGURE("deliveries_per_s", MORE, "Deliveries",
       "Messages that arrived at receivers, each second.")
FIGURE("connects_per_s", MORE, "Connections opened",
       "New connections each second while the clients came.")
GROUP("What did the server need?")
FIGURE("server_cpu_percent", LESS, "Server CPU",
       "The server's processor time while measuring; 100 % is one core fully used.")
FIGURE("server_cpu_ns_per_delivery", LESS, "CPU a delivery",
       "The server's processor time for one delivery, in billionths of a second.")
FIGURE("server_cpu_us_per_connect", LESS, "CPU a connection",
       "The server's processor time to take one new connection, in millionths of a second.")
FIGURE("server_rss_bytes_peak", LESS, "Server memory, peak",
       "The most memory the server's process held.")
FIGURE("server_bytes_per_connection", LESS, "Memory a connection",
       "How much the server's process grew for each connection.")
FIGURE("kernel_memory_bytes_peak", LESS, "Kernel memory, peak",
       "The most memory the kernel held for the sockets of all programs on the machine.")
GROUP("Was the measuring itself sound?")
FIGURE("lag_p99_ms", LESS, "Sent late, 99 of 100",
       "How late the load generator handed messages over. Large: it was too slow to judge anybody.")
FIGURE("generator_cpu_percent_max_worker", NEITHER, "Generator CPU",
       "The busiest of the load generator's processes; near 100 % it may be the bottleneck itself.")
FIGURE("generator_wait_percent_max_worker", NEITHER, "Generator waiting",
       "The part of the time in which one of these had work but got no processor.")
