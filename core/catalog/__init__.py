"""The database: what people decide and what runs are doing, as rows.

``models`` holds the tables, ``database`` opens and migrates, and each noun has one repository:
``datasets``, ``changes``, ``jobs``, ``runs``. Repositories take and return frozen records, so no
other room knows that there is SQLAlchemy. :class:`Catalog` bundles them for one workspace.
"""

from core.catalog.database import Catalog, open_catalog, opened_workspace
from core.catalog.records import (
    Change,
    DatasetRecord,
    EventRecord,
    Imported,
    JobRecord,
    JobState,
    RunRecord,
    RunSummary,
)
