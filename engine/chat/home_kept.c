#include "engine/chat/home_kept.h"

static bool is_old(const struct home *home, const struct room_disk *disk)
{
	return home->now_ms >= disk->kept_ms + KEPT_MS;
}

void kept_drop(struct home *home, struct room_disk *disk)
{
	if (!disk->kept)
		return;
	if (disk->kept_older != 0)
		disk_at(home, disk->kept_older)->kept_newer = disk->kept_newer;
	else
		home->kept_oldest = disk->kept_newer;
	if (disk->kept_newer != 0)
		disk_at(home, disk->kept_newer)->kept_older = disk->kept_older;
	else
		home->kept_newest = disk->kept_older;
	home->kept_bytes -= disk->kept->size;
	block_give(disk->kept, disk->kept->size);
	disk->kept = NULL;
}

bool kept_put(struct home *home, struct room_disk *disk, struct store_page *page)
{
	const uint32_t index = slab_index(&home->disks, disk);

	kept_drop(home, disk);
	if (home->kept_bytes + page->size > KEPT_BYTES_MAX)
		return false;
	disk->kept = page;
	disk->kept_ms = home->now_ms;
	disk->kept_older = home->kept_newest;
	disk->kept_newer = 0;
	if (home->kept_newest != 0)
		disk_at(home, home->kept_newest)->kept_newer = index;
	else
		home->kept_oldest = index;
	home->kept_newest = index;
	home->kept_bytes += page->size;
	return true;
}

const struct store_page *kept_page(const struct home *home, const struct room_disk *disk)
{
	return disk->kept && !is_old(home, disk) ? disk->kept : NULL;
}

void kept_expire(struct home *home)
{
	while (home->kept_oldest != 0 && is_old(home, disk_at(home, home->kept_oldest)))
		kept_drop(home, disk_at(home, home->kept_oldest));
}
