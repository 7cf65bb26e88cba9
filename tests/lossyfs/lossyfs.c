/* lossyfs - a file system that forgets what was not synced: the disk under a test of power cuts.
 *
 * One directory of files, in memory. One thread answers the kernel, the test's orders (control.h) and the fsyncs
 * that take long. Reads and writes pass the page cache by; files that are scratch go through it, as they are mapped.
 * While a file's fsync is under way the kernel holds up writes to that file, other than on a file system of its own.
 */
#define FUSE_USE_VERSION 35

#include <errno.h>
#include <fcntl.h>
#include <fuse3/fuse_lowlevel.h>
#include <getopt.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "tests/lossyfs/orders.h"
#include "tests/lossyfs/rig.h"

enum { SLEEPERS_MAX = 64 };

/* An fsync under way. */
struct sleeper {
	fuse_req_t request;
	uint64_t due_ms;
	uint64_t id; /* of the file */
	uint64_t order; /* when it began */
};

static struct rig rig;
static struct sleeper sleepers[SLEEPERS_MAX];
static size_t sleepers_count;
static volatile sig_atomic_t stopping;

static uint64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

static void stat_of(const struct file *file, struct stat *stat)
{
	*stat = (struct stat){ .st_ino = FUSE_ROOT_ID, .st_mode = S_IFDIR | 0755, .st_nlink = 2 };
	stat->st_uid = getuid();
	stat->st_gid = getgid();
	if (file == NULL)
		return;
	stat->st_ino = file->id;
	stat->st_mode = S_IFREG | file->mode;
	stat->st_nlink = 1;
	stat->st_size = (off_t)file->now.size;
	stat->st_blocks = (blkcnt_t)((file->now.size + 511) / 512);
	stat->st_blksize = 4096;
}

/* What the kernel remembers it may not: what is there is asked for each time. */
static void entry_of(struct file *file, struct fuse_entry_param *entry)
{
	*entry = (struct fuse_entry_param){ .ino = file->id, .generation = 1 };
	stat_of(file, &entry->attr);
	file->lookups++;
}

/* The file of a call, or NULL, and the error that it has been answered with. */
static struct file *file_of(fuse_req_t request, fuse_ino_t ino, enum op op, uint64_t offset, uint64_t size)
{
	struct file *file = image_file(&rig.image, ino);

	if (file == NULL || file->dead || rig.down) {
		fuse_reply_err(request, EIO);
		return NULL;
	}
	const int error = rig_fault(&rig, op, image_name(&rig.image, file), offset, size);
	if (error != 0) {
		if (op == OP_FSYNC)
			file_forget(file, rig.image.orders);
		fuse_reply_err(request, -error);
		return NULL;
	}
	return file;
}

/* Counts the border of a call that changed something; true: the power went, and the call has been answered. */
static bool is_cut(fuse_req_t request, const struct file *file, enum op op, uint64_t offset, uint64_t size)
{
	if (!rig_border(&rig, op, image_name(&rig.image, file), offset, size))
		return false;
	fuse_reply_err(request, EIO);
	return true;
}

static void on_init(void *data, struct fuse_conn_info *conn)
{
	(void)data;
	conn->want &= ~(unsigned)(FUSE_CAP_AUTO_INVAL_DATA | FUSE_CAP_WRITEBACK_CACHE);
}

static void on_lookup(fuse_req_t request, fuse_ino_t parent, const char *name)
{
	struct file *file = image_find(&rig.image, name);
	struct fuse_entry_param entry;

	(void)parent;
	if (rig.down || file == NULL) {
		fuse_reply_err(request, rig.down ? EIO : ENOENT);
		return;
	}
	entry_of(file, &entry);
	fuse_reply_entry(request, &entry);
}

static void forget(fuse_ino_t ino, uint64_t lookups)
{
	struct file *file = image_file(&rig.image, ino);

	if (file != NULL)
		file->lookups -= lookups < file->lookups ? lookups : file->lookups;
}

static void on_forget(fuse_req_t request, fuse_ino_t ino, uint64_t lookups)
{
	forget(ino, lookups);
	image_reap(&rig.image);
	fuse_reply_none(request);
}

static void on_forget_multi(fuse_req_t request, size_t count, struct fuse_forget_data *forgets)
{
	for (size_t i = 0; i < count; i++)
		forget(forgets[i].ino, forgets[i].nlookup);
	image_reap(&rig.image);
	fuse_reply_none(request);
}

static void on_getattr(fuse_req_t request, fuse_ino_t ino, struct fuse_file_info *info)
{
	struct file *file = image_file(&rig.image, ino);
	struct stat stat;

	(void)info;
	if (rig.down || (ino != FUSE_ROOT_ID && (file == NULL || file->dead))) {
		fuse_reply_err(request, EIO);
		return;
	}
	stat_of(file, &stat);
	fuse_reply_attr(request, &stat, 0);
}

static void on_setattr(fuse_req_t request, fuse_ino_t ino, struct stat *attr, int what, struct fuse_file_info *info)
{
	if (ino == FUSE_ROOT_ID || !(what & FUSE_SET_ATTR_SIZE)) {
		on_getattr(request, ino, info);
		return;
	}
	const uint64_t size = (uint64_t)attr->st_size;
	struct file *file = file_of(request, ino, OP_TRUNCATE, size, 0);
	if (file == NULL)
		return;
	const size_t more = size > file->now.size ? size - file->now.size : 0;
	if (rig_room(&rig, file, file->now.size, more) < more) {
		fuse_reply_err(request, ENOSPC);
		return;
	}
	image_cut(&rig.image, file, size);
	if (!is_cut(request, file, OP_TRUNCATE, size, 0))
		on_getattr(request, ino, info);
}

static void handle_of(const struct file *file, struct fuse_file_info *info)
{
	info->direct_io = !file->scratch;
	info->keep_cache = file->scratch;
}

static void on_open(fuse_req_t request, fuse_ino_t ino, struct fuse_file_info *info)
{
	struct file *file = file_of(request, ino, OP_OPEN, 0, 0);

	if (file == NULL)
		return;
	if (rig.read_only && (info->flags & O_ACCMODE) != O_RDONLY) {
		fuse_reply_err(request, EROFS);
		return;
	}
	handle_of(file, info);
	fuse_reply_open(request, info);
}

static void on_create(fuse_req_t request, fuse_ino_t parent, const char *name, mode_t mode, struct fuse_file_info *info)
{
	const int error = rig_fault(&rig, OP_CREATE, name, 0, 0);
	struct fuse_entry_param entry;

	(void)parent;
	if (error != 0 || strlen(name) > NAME_SIZE_MAX) {
		fuse_reply_err(request, error != 0 ? -error : ENAMETOOLONG);
		return;
	}
	struct file *file = image_find(&rig.image, name);
	const bool fresh = file == NULL;
	if (fresh)
		file = image_create(&rig.image, name, mode & 07777);
	if (file == NULL) {
		fuse_reply_err(request, ENOSPC);
		return;
	}
	if (fresh && is_cut(request, file, OP_CREATE, 0, 0))
		return;
	entry_of(file, &entry);
	handle_of(file, info);
	fuse_reply_create(request, &entry, info);
}

static void on_read(fuse_req_t request, fuse_ino_t ino, size_t size, off_t offset, struct fuse_file_info *info)
{
	const uint64_t at = (uint64_t)offset;
	struct file *file = file_of(request, ino, OP_READ, at, size);

	(void)info;
	if (file == NULL)
		return;
	if (at >= file->now.size) {
		fuse_reply_buf(request, NULL, 0);
		return;
	}
	const size_t left = file->now.size - at;
	fuse_reply_buf(request, (const char *)file->now.at + at, size < left ? size : left);
}

static void on_write(fuse_req_t request, fuse_ino_t ino, const char *bytes, size_t size, off_t offset,
		     struct fuse_file_info *info)
{
	const uint64_t at = (uint64_t)offset;
	struct file *file = file_of(request, ino, OP_WRITE, at, size);

	(void)info;
	if (file == NULL)
		return;
	const size_t room = rig_room(&rig, file, at, size);
	if (room == 0 && size > 0) {
		fuse_reply_err(request, ENOSPC);
		return;
	}
	image_write(&rig.image, file, at, bytes, room);
	if (!is_cut(request, file, OP_WRITE, at, room))
		fuse_reply_write(request, room);
}

static void on_fsync(fuse_req_t request, fuse_ino_t ino, int datasync, struct fuse_file_info *info)
{
	struct file *file = file_of(request, ino, OP_FSYNC, 0, 0);

	(void)datasync;
	(void)info;
	if (file == NULL || is_cut(request, file, OP_FSYNC, 0, 0))
		return;
	if (rig.fsync_ms > 0 && sleepers_count < SLEEPERS_MAX) {
		sleepers[sleepers_count++] =
			(struct sleeper){ request, now_ms() + rig.fsync_ms, ino, rig.image.orders };
		return;
	}
	image_sync(&rig.image, file, rig.image.orders);
	fuse_reply_err(request, 0);
}

static void on_fsyncdir(fuse_req_t request, fuse_ino_t ino, int datasync, struct fuse_file_info *info)
{
	const int error = info->fh != rig.cuts ? -EIO : rig_fault(&rig, OP_FSYNCDIR, ".", 0, 0);

	(void)ino;
	(void)datasync;
	if (error != 0 || rig_border(&rig, OP_FSYNCDIR, ".", 0, 0)) {
		fuse_reply_err(request, error != 0 ? -error : EIO);
		return;
	}
	image_sync_names(&rig.image, rig.image.orders);
	fuse_reply_err(request, 0);
}

static void on_opendir(fuse_req_t request, fuse_ino_t ino, struct fuse_file_info *info)
{
	(void)ino;
	if (rig.down) {
		fuse_reply_err(request, EIO);
		return;
	}
	info->fh = rig.cuts;
	fuse_reply_open(request, info);
}

static void on_readdir(fuse_req_t request, fuse_ino_t ino, size_t size, off_t offset, struct fuse_file_info *info)
{
	char *buffer = malloc(size);
	size_t used = 0;
	struct stat stat;

	(void)ino;
	if (rig.down || info->fh != rig.cuts || buffer == NULL) {
		fuse_reply_err(request, EIO);
		free(buffer);
		return;
	}
	for (size_t i = (size_t)offset; i < rig.image.now.count; i++) {
		const struct entry *entry = &rig.image.now.entries[i];

		stat_of(entry->file, &stat);
		const size_t more =
			fuse_add_direntry(request, buffer + used, size - used, entry->name, &stat, (off_t)i + 1);
		if (more > size - used)
			break;
		used += more;
	}
	fuse_reply_buf(request, buffer, used);
	free(buffer);
}

static void on_unlink(fuse_req_t request, fuse_ino_t parent, const char *name)
{
	int error = rig_fault(&rig, OP_REMOVE, name, 0, 0);

	(void)parent;
	if (error == 0)
		error = image_remove(&rig.image, name);
	if (error == 0 && rig_border(&rig, OP_REMOVE, name, 0, 0))
		error = -EIO;
	fuse_reply_err(request, -error);
}

static void on_rename(fuse_req_t request, fuse_ino_t parent, const char *from, fuse_ino_t new_parent, const char *to,
		      unsigned int flags)
{
	int error = flags != 0 ? -EINVAL : rig_fault(&rig, OP_RENAME, from, 0, 0);

	(void)parent;
	(void)new_parent;
	if (error == 0)
		error = image_rename(&rig.image, from, to);
	if (error == 0 && rig_border(&rig, OP_RENAME, to, 0, 0))
		error = -EIO;
	fuse_reply_err(request, -error);
}

static void on_access(fuse_req_t request, fuse_ino_t ino, int mask)
{
	(void)ino;
	fuse_reply_err(request, rig.down ? EIO : rig.read_only && (mask & W_OK) ? EROFS : 0);
}

static void on_statfs(fuse_req_t request, fuse_ino_t ino)
{
	const uint64_t used = image_used(&rig.image);
	const uint64_t space = rig.space == UINT64_MAX ? used + ((uint64_t)1 << 34) : rig.space;
	struct statvfs stat = { .f_bsize = 512, .f_frsize = 512, .f_namemax = NAME_SIZE_MAX };

	(void)ino;
	stat.f_blocks = space / 512;
	stat.f_bfree = stat.f_bavail = space > used ? (space - used) / 512 : 0;
	fuse_reply_statfs(request, &stat);
}

static const struct fuse_lowlevel_ops ops = {
	.init = on_init,
	.lookup = on_lookup,
	.forget = on_forget,
	.forget_multi = on_forget_multi,
	.getattr = on_getattr,
	.setattr = on_setattr,
	.open = on_open,
	.create = on_create,
	.read = on_read,
	.write = on_write,
	.fsync = on_fsync,
	.opendir = on_opendir,
	.readdir = on_readdir,
	.fsyncdir = on_fsyncdir,
	.unlink = on_unlink,
	.rename = on_rename,
	.access = on_access,
	.statfs = on_statfs,
};

/* Ends fsyncs whose time has come, or all with EIO when the power has gone; returns how long to sleep at most. */
static int wake_sleepers(void)
{
	uint64_t now = now_ms();
	int timeout_ms = -1;

	for (size_t i = 0; i < sleepers_count;) {
		const struct sleeper sleeper = sleepers[i];
		struct file *file = image_file(&rig.image, sleeper.id);
		const bool lost = rig.down || file == NULL || file->dead;

		if (!lost && sleeper.due_ms > now) {
			const int left_ms = (int)(sleeper.due_ms - now);

			if (timeout_ms < 0 || left_ms < timeout_ms)
				timeout_ms = left_ms;
			i++;
			continue;
		}
		sleepers[i] = sleepers[--sleepers_count];
		if (!lost)
			image_sync(&rig.image, file, sleeper.order);
		fuse_reply_err(sleeper.request, lost ? EIO : 0);
	}
	return timeout_ms;
}

static void serve(struct fuse_session *session)
{
	struct fuse_buf buffer = { .mem = NULL };

	while (!stopping && !fuse_session_exited(session)) {
		struct pollfd polled[1 + ORDERS_FDS_MAX] = { { .fd = fuse_session_fd(session), .events = POLLIN } };
		const size_t listening = orders_listen(polled + 1);

		if (poll(polled, 1 + listening, wake_sleepers()) < 0)
			continue;
		orders_take(polled + 1, listening, &rig);
		if (polled[0].revents != 0) {
			const int got = fuse_session_receive_buf(session, &buffer);

			if (got > 0)
				fuse_session_process_buf(session, &buffer);
			else if (got != -EINTR && got != -EAGAIN)
				break;
		}
		orders_tell(&rig);
	}
	free(buffer.mem);
}

static void on_signal(int number)
{
	(void)number;
	stopping = 1;
}

static int usage(void)
{
	fprintf(stderr, "usage: lossyfs --control SOCKET [--ordered] [--scratch SUFFIX] DIRECTORY\n");
	return 64;
}

static int mount_and_serve(const char *control, const char *directory)
{
	char *arguments[] = { "lossyfs", "-o", "fsname=lossyfs,subtype=lossyfs", NULL };
	struct fuse_args args = FUSE_ARGS_INIT(3, arguments);
	struct fuse_session *session = fuse_session_new(&args, &ops, sizeof(ops), NULL);

	if (session == NULL || orders_open(control) != 0) {
		fprintf(stderr, "lossyfs: %s: %s\n", control, strerror(errno));
		return 1;
	}
	if (fuse_session_mount(session, directory) != 0) {
		fprintf(stderr, "lossyfs: cannot mount at %s; it takes /dev/fuse, and fusermount3 where not root\n",
			directory);
		return 1;
	}
	fcntl(fuse_session_fd(session), F_SETFL, O_NONBLOCK);
	puts("mounted");
	fflush(stdout);
	serve(session);
	fuse_session_unmount(session);
	fuse_session_destroy(session);
	fuse_opt_free_args(&args);
	orders_close(control);
	return 0;
}

int main(int count, char **words)
{
	static const struct option options[] = { { "control", required_argument, NULL, 'c' },
						 { "ordered", no_argument, NULL, 'o' },
						 { "scratch", required_argument, NULL, 's' },
						 { NULL, 0, NULL, 0 } };
	const char *control = NULL, *scratch = "-shm";
	bool ordered = false;

	for (int option; (option = getopt_long(count, words, "", options, NULL)) != -1;) {
		if (option == 'c')
			control = optarg;
		else if (option == 'o')
			ordered = true;
		else if (option == 's')
			scratch = optarg;
		else
			return usage();
	}
	if (control == NULL || optind + 1 != count)
		return usage();
	/* Not longer than who started it, so that no mount stays behind. */
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	const struct sigaction action = { .sa_handler = on_signal };
	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGINT, &action, NULL);
	rig_init(&rig, ordered, scratch);
	const int status = mount_and_serve(control, words[optind]);
	rig_free(&rig);
	return status;
}
