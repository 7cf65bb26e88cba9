/* xring.pml - a ring of bytes between two cores (engine/core/xring.c), in cells of a word: is a message ever overwritten
 * before it was read, read before it was written, lost, doubled, or out of order?
 *
 * A cell has the number of the message that it belongs to. Each access to shared memory is a step of its own. head_seen
 * and tail_seen are the copies that each side keeps, so every stale value of the other's counter is tried.
 *
 * Faults, each found: TAIL_FIRST DROP_FIRST NO_ROOM SKIP_UNCOUNTED SKIP_KEPT */

#define SIZE 4
#define MESSAGES 6
#define SKIP 255

byte cell[SIZE];
byte length[SIZE]; /* the frame's head, at its first cell */
byte tail, head;

active proctype producer()
{
	byte head_seen, number = 1, size, rest, reserved, at;

	do
	:: number > MESSAGES -> break
	:: else ->
		if
		:: size = 1
		:: size = 2
		fi;
		/* xring_reserve */
		rest = SIZE - tail % SIZE;
		if
		:: size > rest
		:: else -> rest = 0
		fi;
#ifdef NO_ROOM
#define NEEDED 0
#elif defined(SKIP_UNCOUNTED)
#define NEEDED size
#else
#define NEEDED (rest + size)
#endif
		do
		:: tail + NEEDED - head_seen <= SIZE -> break
		:: else -> head != head_seen; head_seen = head
		od;
		if
		:: rest > 0 -> cell[tail % SIZE] = SKIP
		:: else
		fi;
		reserved = tail + rest;
#ifdef TAIL_FIRST
		tail = reserved + size;
#endif
		length[reserved % SIZE] = size;
		at = 0;
		do
		:: at == size -> break
		:: else -> cell[(reserved + at) % SIZE] = number; at++
		od;
		/* xring_push */
#ifndef TAIL_FIRST
		tail = reserved + size;
#endif
		number++
	od
}

active proctype consumer()
{
	byte tail_seen, number = 1, size, at;

	do
	:: number > MESSAGES -> break
	:: else ->
		/* xring_peek */
		if
		:: head == tail_seen -> tail != tail_seen; tail_seen = tail
		:: else
		fi;
		if
		:: cell[head % SIZE] == SKIP ->
#ifndef SKIP_KEPT
			head = head + SIZE - head % SIZE;
#endif
			assert(head != tail_seen)
		:: else
		fi;
		size = length[head % SIZE];
#ifdef DROP_FIRST
		head = head + size;
#define START (head - size)
#else
#define START head
#endif
		assert(size == 1 || size == 2);
		at = 0;
		do
		:: at == size -> break
		:: else -> assert(cell[(START + at) % SIZE] == number); at++
		od;
		/* xring_drop */
#ifndef DROP_FIRST
		head = head + size;
#endif
		assert(head <= tail_seen);
		number++
	od
}
