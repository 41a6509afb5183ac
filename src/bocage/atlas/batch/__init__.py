"""Draw many sheets on all cores: a job that fails costs only itself, and a killed batch goes on.

The processes are our own, over ``multiprocessing`` and a pipe each, since what the standard pools do when
a process dies is what an atlas cannot have: ``ProcessPoolExecutor`` breaks as a whole and forgets all that
waits, ``multiprocessing.Pool`` waits for ever. Here a process has one job at a time, so the job that
killed it is known, is tried once more with no other beside it, and the others go on. A trivial job
costs a fraction of a millisecond this way, nothing beside a sheet.

They are started afresh (``spawn``), which is safe with the threads of typst and GDAL and the same on all
systems, and replaced after some jobs, since what typst keeps of each page is never given back.

Only the process that called writes the ledger of what is done; nothing depends on who ends first.
"""

from bocage.atlas.batch.jobs import BatchResult, Done, Failed, Job
from bocage.atlas.batch.running import count_cores, count_workers, run_batch

__all__ = ["BatchResult", "Done", "Failed", "Job", "count_cores", "count_workers", "run_batch"]
