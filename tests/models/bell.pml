/* bell.pml - the bell of a core that sleeps (engine/core/xring.c), and two that push to it: does it ever sleep while
 * something waits for it and nobody rings?
 *
 * Memory is as C11 has it, not as a machine that does one thing after the other. Who reads another's tail may get an old
 * value, but none older than what it knows. A read-modify-write of `asleep` takes over what the one before it knew
 * (known_by_bell) and adds what its own thread knows; a plain store forgets the former; a plain load may be old and
 * takes nothing over. The ring's kernel message carries what its sender knows.
 *
 * Faults, each found: LOOK_FIRST NO_LOOK PLAIN_WAKE PLAIN_LOAD NO_BELL RING_BEFORE_PUSH */

#define PRODUCERS 2
#define MESSAGES 2

byte tail[PRODUCERS];
bool asleep, was_asleep; /* an older value of asleep, for plain loads */
byte known_by_bell[PRODUCERS];
byte rung, known_by_ring[PRODUCERS];

#define later_of(to, from, i) if :: from[i] > to[i] -> to[i] = from[i] :: else fi
#define take_over(to, from) later_of(to, from, 0); later_of(to, from, 1)

#define set_asleep(value) was_asleep = asleep; asleep = value

proctype producer(byte me)
{
	byte known[PRODUCERS], sent;
	bool sleeps;

	do
	:: sent == MESSAGES -> break
	:: else ->
#ifndef RING_BEFORE_PUSH
		/* xring_push: a release store */
		atomic { tail[me] = tail[me] + 1; known[me] = tail[me] }
#endif
#ifdef PLAIN_LOAD
		/* asleep == 1, then a plain store */
		if
		:: sleeps = asleep
		:: sleeps = was_asleep
		fi;
		if
		:: sleeps -> atomic { set_asleep(false); known_by_bell[0] = 0; known_by_bell[1] = 0 }
		:: else
		fi;
#else
		/* bell_must_ring: exchange(asleep, 0) */
		atomic {
			sleeps = asleep;
			set_asleep(false);
			take_over(known, known_by_bell);
			known_by_bell[0] = known[0];
			known_by_bell[1] = known[1]
		}
#endif
#ifdef RING_BEFORE_PUSH
		atomic { tail[me] = tail[me] + 1; known[me] = tail[me] }
#endif
#ifndef NO_BELL
		if
		:: sleeps ->
			atomic {
				rung = rung + 1;
				take_over(known_by_ring, known)
			}
		:: else
		fi;
#endif
		sent++
	od
}

byte taken[PRODUCERS];

/* Some value of that tail between what is known and what is; then that is known. */
inline look(i)
{
	atomic {
		seen = known[i];
		do
		:: seen < tail[i] -> seen++
		:: break
		od;
		known[i] = seen
	}
}

active proctype consumer()
{
	byte known[PRODUCERS], seen;
	bool something;

	do
	:: taken[0] == MESSAGES && taken[1] == MESSAGES -> break
	:: else ->
#ifdef LOOK_FIRST
		something = false;
		look(0); something = something || seen > taken[0];
		look(1); something = something || seen > taken[1];
#endif
		/* bell_sleep: exchange(asleep, 1) */
		atomic {
			set_asleep(true);
			take_over(known, known_by_bell);
			known_by_bell[0] = known[0];
			known_by_bell[1] = known[1]
		}
#if !defined(LOOK_FIRST) && !defined(NO_LOOK)
		something = false;
		look(0); something = something || seen > taken[0];
		look(1); something = something || seen > taken[1];
#endif
		/* ring_collect: waits for a completion, but not when something was seen */
		if
		:: something
		:: !something ->
			atomic {
				rung > 0; /* sleeps here for ever if nobody rings */
				rung = 0;
				take_over(known, known_by_ring)
			}
		fi;
		something = false;
		/* bell_wake: exchange(asleep, 0) */
#ifdef PLAIN_WAKE
		atomic { set_asleep(false); known_by_bell[0] = 0; known_by_bell[1] = 0 }
#else
		atomic {
			set_asleep(false);
			take_over(known, known_by_bell);
			known_by_bell[0] = known[0];
			known_by_bell[1] = known[1]
		}
#endif
		/* run_mails */
		look(0); taken[0] = seen;
		look(1); taken[1] = seen
	od
}

init
{
	atomic { run producer(0); run producer(1) }
}
