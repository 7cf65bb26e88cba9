"""trial - the journals of a run in, a verdict out."""
import gc
import sys
import time

from journal import merged
from judge import Judge


def judged(paths, sqlite=None, progress=False, **options):
    """The verdict over the journals at `paths`, and over the store's file if there is one."""
    gc.disable()  # nothing here goes round in circles until the end
    judge = Judge(paths, **options)
    records, begun = 0, time.monotonic()
    for _, file, line, record in merged(paths):
        judge.feed(file, line, record)
        records += 1
        if progress and records % 200000 == 0:
            print(f"check: {records:,} records in {time.monotonic() - begun:.0f} s", file=sys.stderr, flush=True)
    verdict = judge.finish()
    if sqlite:
        from sqlite_file import compare

        compare(sqlite, judge)
    gc.enable()
    verdict.judged["records"] = records
    return verdict
