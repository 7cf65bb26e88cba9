/* segment.pml - segments of bytes, on their way to the kernel (engine/core/segment.c, engine/net/sendq.c): is one ever
 * given out again while the kernel may still read it, or never given back?
 *
 * A hot log fills a segment, offers it to two connections and lets go of it whenever it likes. A connection plans it into
 * a flight, which holds it, and submits; it may be cancelled at any time. The kernel reads the bytes again and again until
 * the last completion: of a plain send the result, of a zero-copy one the notification behind it.
 *
 * Faults, each found: NO_HOLD DROP_AT_CANCEL DROP_AT_RESULT DROP_AT_SHORT NO_DROP */

#define SEGMENTS 2
#define CONNECTIONS 2
#define FILLINGS 3
#define ROUNDS 2
#define NONE 255

byte holds[SEGMENTS];
byte content[SEGMENTS]; /* which filling it has */
byte offered = NONE;    /* the hot log's newest segment */
byte ended;             /* connections */
bool log_ended;

/* Of each connection: what the kernel has been told, and what it has told. */
byte asked[CONNECTIONS], expected[CONNECTIONS];
bool zero_copy[CONNECTIONS], busy[CONNECTIONS], cancelled[CONNECTIONS], shortened[CONNECTIONS];
chan completion[CONNECTIONS] = [2] of { mtype };

mtype = { RESULT, SHORT, RESULT_AND_MORE, NOTIFICATION };

inline drop(segment)
{
	atomic { assert(holds[segment] > 0); holds[segment] = holds[segment] - 1 }
}

active proctype hot_log()
{
	byte filling = 0, segment;

	do
	:: filling == FILLINGS -> break
	:: else ->
		/* segment_take: one that nobody holds */
		if
		:: atomic { holds[0] == 0 -> segment = 0; holds[0] = 1 }
		:: atomic { holds[1] == 0 -> segment = 1; holds[1] = 1 }
		fi;
		filling++;
		content[segment] = filling;
		offered = segment;
		/* it falls out of the log, whoever sends it */
		offered = NONE;
		drop(segment)
	od;
	log_ended = true
}

proctype connection(byte me)
{
	byte segment, round;

	do
	:: break /* it has heard enough */
	:: round < ROUNDS ->
		round++;
		/* sendq_plan and sendq_fly, in one turn of the core that the log belongs to as well */
		if
		:: atomic {
			offered != NONE ->
			segment = offered;
#ifndef NO_HOLD
			holds[segment] = holds[segment] + 1;
#endif
			asked[me] = segment;
			expected[me] = content[segment];
			cancelled[me] = false;
			shortened[me] = false;
			if
			:: zero_copy[me] = true
			:: zero_copy[me] = false
			fi;
			busy[me] = true
		   }
		:: log_ended -> break
		fi;
again:
		if
		:: cancelled[me] = true; /* ring_cancel: it still completes */
#ifdef DROP_AT_CANCEL
			drop(segment);
			segment = NONE
#endif
		:: skip
		fi;
		/* sendq_sent: short of all, the rest is submitted again, from the same flight */
		if
		:: completion[me] ? RESULT
		:: completion[me] ? SHORT ->
#ifdef DROP_AT_SHORT
			drop(segment);
#endif
			atomic { busy[me] = true; goto again }
		:: completion[me] ? RESULT_AND_MORE ->
#ifdef DROP_AT_RESULT
			drop(segment);
			segment = NONE;
#endif
			completion[me] ? NOTIFICATION
		fi;
		/* flight_end */
#if !defined(NO_HOLD) && !defined(NO_DROP)
		if
		:: segment != NONE -> drop(segment)
		:: else
		fi
#endif
	od;
	ended++
}

proctype kernel(byte my)
{
end:	do
	:: busy[my] ->
		/* It reads when it likes, */
		do
		:: assert(content[asked[my]] == expected[my] && holds[asked[my]] > 0)
		:: break
		od;
		/* and has done. */
		if
		:: atomic { !zero_copy[my] -> busy[my] = false; completion[my] ! RESULT }
		:: atomic { !zero_copy[my] && !shortened[my] -> shortened[my] = true; busy[my] = false; completion[my] ! SHORT }
		:: atomic { zero_copy[my] -> completion[my] ! RESULT_AND_MORE };
			/* The peer has not acknowledged: it may have to be sent again. */
			assert(content[asked[my]] == expected[my] && holds[asked[my]] > 0);
			atomic { busy[my] = false; completion[my] ! NOTIFICATION }
		fi
	od
}

init
{
	atomic { run connection(0); run connection(1); run kernel(0); run kernel(1) };
	/* At rest every segment is free. */
	ended == CONNECTIONS && log_ended;
	assert(holds[0] == 0 && holds[1] == 0)
}
