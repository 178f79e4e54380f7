"""The kinds of jobs, one a file; naming a file here is all that registers its kind.

A file has the function that queues a job of its kind, and the one that does it. What the latter
needs it imports when it runs, so that this list costs nothing to import.
"""

from core.jobs.kinds.batch import resume_batch, submit_batch
from core.jobs.kinds.batch_sort import submit_sort
from core.jobs.kinds.evaluate import submit_evaluate
from core.jobs.kinds.export import submit_export
from core.jobs.kinds.export_model import submit_export_model
from core.jobs.kinds.find_rate import submit_find_rate
from core.jobs.kinds.import_model import import_model
from core.jobs.kinds.importing import restore_dataset, submit_import
from core.jobs.kinds.latency import submit_latency
from core.jobs.kinds.measure import submit_measure
from core.jobs.kinds.ood import submit_ood_detector
from core.jobs.kinds.prepare import submit_prepare
from core.jobs.kinds.report import submit_report
from core.jobs.kinds.scan import submit_scan
from core.jobs.kinds.similar import submit_similar
from core.jobs.kinds.study import submit_study
from core.jobs.kinds.suspects import submit_suspects
from core.jobs.kinds.train import REMOVED, resume_run
from core.jobs.kinds.umap import submit_umap
from core.jobs.registry import KINDS, Kind, Named, find_kind, named, resumes, submit, title_of
