"""A clinic of three pages and four people in a store of its own: what the pipeline is tested on."""

from pathlib import Path

from frontdesk.db import Store, contacts
from frontdesk.db.contacts import Contact
from frontdesk.db.ingest.embed import Embedder
from frontdesk.db.ingest.ingest import ingest
from frontdesk.graphs.settings import Settings

PAGES = {
    "parking": """# Parking at the harbour clinic

## Prices

| Ticket | Price |
|---|---|
| One hour | $2.50 |
| Day pass | $11.00 |
| Weekly pass | $40.00 |

Parking is free after 6 pm.

## Paying

Pay at the machine beside the north door before you leave. The machine takes cards and coins.
""",
    "visiting": """# Visiting

## Visiting hours

Visitors are welcome from 10 am to 8 pm every day.
Two visitors may sit with a patient at the same time.

## Children

Children under twelve must come with an adult.
There is a play corner on the second floor.
""",
    "records": """# Health records

## Asking for your records

Fill in the request form and bring photo identification to the records office.
A copy of your records costs $15.00 and is ready within ten working days.
""",
}
PEOPLE = [
    Contact(name="Parking Office", role="Front desk", team="Parking", phone="587-555-0111"),
    Contact(name="Maya Oyelaran", role="Cardiologist", team="Cardiology", phone="587-555-0177"),
    Contact(name="Tom Becker", role="Records clerk", team="Health records", phone="587-555-0120"),
    Contact(name="Ines Varga", role="Head nurse", team="Nursing", phone="587-555-0133"),
]
# Seconds instead of minutes: a dozen steps on a hundred examples.
QUICK = (
    "collect.corpora=0",
    "collect.hold_out=[]",
    "synthesise.own_scale=0.3",
    "synthesise.structure=20",
    "trace.processes=1",
    "trace.chunks=0",
    "sft.epochs=2",
    "sft.batch=16",
    "sft.threads=1",
    "dpo.pairs=30",
    "dpo.judged=40",
    "dpo.batch=8",
    "dpo.threads=1",
    "export.checked=8",
    "export.compared=['Q4_0']",
    "evaluate.most=10",
)


def settings_of(data_dir: Path, database_url: str) -> Settings:
    """Return the settings of the clinic."""
    return Settings.model_validate(
        {
            "data_dir": data_dir,
            "organisation": {"name": "Harbour Clinic", "scope": "Parking, visiting and records."},
            "database": {"url": database_url},
        }
    )


def fill(store: Store, settings: Settings, folder: Path, embedder: Embedder) -> None:
    """Write the pages under `folder` and read them and the people into the store."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in PAGES.items():
        (folder / f"{name}.md").write_text(text, "utf-8")
    ingest(store, [str(folder)], settings, embedder=embedder)
    with store.connection() as connection:
        contacts.add(connection, PEOPLE)
