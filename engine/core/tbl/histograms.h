/* Every histogram of a core, once: HISTOGRAM(name, help). Its metric is uproar_NAME_seconds. */
HISTOGRAM(turn, "What a turn of the loop did itself, without the kernel's work on what it submitted.")
HISTOGRAM(publish_to_deliver, "From the turn that read a publish until the kernel had its frame, once a member.")
HISTOGRAM(ack, "From the turn that read a send until the kernel had its acknowledgement.")
HISTOGRAM(hook, "From asking connect-url or join-url until the answer, or its absence, was back.")
