"""Contact files into the real database: what is added, changed, removed and rejected."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from frontdesk.db import contacts as table
from frontdesk.db.contacts import Contact, ContactsError
from frontdesk.db.ingest.contacts import import_contacts
from frontdesk.db.store import Store

HEADER = "name,role,team,site,phone,email,notes,public\n"
ANN = "Ann Lee,Nurse,Heart Clinic,Riverside,403-555-0101,ann@example.org,Mondays,true\n"
BOB = "Bob Ray,Porter,Facilities,Riverside,403-555-0102,bob@example.org,,true\n"
EVE = "Eve Roy,VIP liaison,Security,Head Office,403-555-0199,eve@example.org,,false\n"


class CountingEmbedder:
    """Gives every text a unit vector of its own and remembers what it was asked."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def embed(self, texts: Sequence[str]) -> "np.ndarray[tuple[int, int], np.dtype[np.float32]]":
        self.asked += texts
        return np.eye(len(texts), 384, dtype=np.float32)


def write(path: Path, text: str | bytes) -> Path:
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def rows(store: Store, *, staff: bool = True) -> list[Contact]:
    with store.connection() as connection:
        return [contact for _, contact in table.read(connection, staff=staff)]


def test_a_second_import_says_what_changed(store: Store, tmp_path: Path) -> None:
    file = write(tmp_path / "c.csv", HEADER + ANN + BOB)
    first = import_contacts(store, file)
    assert [(a.line, a.name) for a in first.added] == [(2, "Ann Lee"), (3, "Bob Ray")]
    assert import_contacts(store, file).summary().endswith("0 rejected, 2 unchanged")

    write(file, HEADER + ANN.replace("Nurse", "Head Nurse") + EVE)
    report = import_contacts(store, file)
    assert [(c.line, c.fields) for c in report.changed] == [(2, {"role": ("Nurse", "Head Nurse")})]
    assert [a.line for a in report.added] == [3]
    assert [r.name for r in report.removed] == ["Bob Ray"]
    assert [c.name for c in rows(store)] == ["Ann Lee", "Eve Roy"]
    assert [c.name for c in rows(store, staff=False)] == ["Ann Lee"]


def test_a_dry_run_writes_nothing(store: Store, tmp_path: Path) -> None:
    embedder = CountingEmbedder()
    file = write(tmp_path / "c.csv", HEADER + ANN)
    report = import_contacts(store, file, embedder=embedder, dry_run=True)
    assert report.dry_run and len(report.added) == 1
    assert "nothing written" in report.summary()
    assert rows(store) == [] and embedder.asked == []


BAD_LINES = {
    "Cy Day,Clerk,Finance,HQ,call me,cy@example.org,,true\n": "is not a phone number",
    "Cy Day,Clerk,Finance,HQ,403-555-0103,cy@example,,true\n": "is not an address",
    "Cy Day,Clerk,Finance,HQ,403-555-0103,cy@example.org,,maybe\n": "write true or false",
    "Cy Day,Clerk,Finance\n": "3 cells where the first line has 8",
    ",Clerk,Finance,HQ,403-555-0103,,,true\n": "no name",
    'Cy Day,"Clerk,Finance,HQ,403-555-0103,,,true\n': "cells where the first line has",
    "Cy\x07Day,Clerk,Finance,HQ,403-555-0103,,,true\n": "control character",
    f"{'x' * 201},Clerk,Finance,HQ,403-555-0103,,,true\n": "longer than 200",
    "Cy Day,Clerk,Finance,HQ,403-555-01034444444,,,true\n": "too many",
    ANN: "the same as line 2",
}


@pytest.mark.parametrize(("line", "reason"), BAD_LINES.items())
def test_a_bad_row_spoils_no_other(store: Store, tmp_path: Path, line: str, reason: str) -> None:
    quoted = BOB.replace("Porter", '"Porter, nights"')
    report = import_contacts(store, write(tmp_path / "c.csv", HEADER + ANN + line + quoted))
    assert [r.line for r in report.rejected] == [3]
    assert reason in report.rejected[0].reason or "not closed" in report.rejected[0].reason
    assert [c.role for c in rows(store)] == ["Nurse", "Porter, nights"]


def test_a_rejected_row_keeps_what_is_stored(store: Store, tmp_path: Path) -> None:
    file = write(tmp_path / "c.csv", HEADER + ANN + BOB)
    import_contacts(store, file)
    report = import_contacts(store, write(file, HEADER + ANN.replace("403-555-0101", "soon") + BOB))
    assert report.removed == [] and len(report.rejected) == 1
    assert [c.phone for c in rows(store)] == ["403-555-0101", "403-555-0102"]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "is empty"),
        (b"%PDF-1.7\0\0\0", "is not a text file"),
        (b"surname,desk\nLee,4\n", "has no column `name` in line 1"),
        (b"name,name\nA,B\n", "two columns `name`"),
        (HEADER.encode(), "holds no contacts"),
        ((HEADER + "Ann Lee,,,,soon,,,true\n").encode(), "none of its 1 rows can be used"),
    ],
)
def test_a_file_that_is_no_directory(
    store: Store, tmp_path: Path, content: bytes, message: str
) -> None:
    import_contacts(store, write(tmp_path / "good.csv", HEADER + ANN))
    with pytest.raises(ContactsError, match=message) as caught:
        import_contacts(store, write(tmp_path / "bad.csv", content))
    assert "\n" not in str(caught.value)
    assert len(rows(store)) == 1


def test_a_missing_file(store: Store, tmp_path: Path) -> None:
    with pytest.raises(ContactsError, match="cannot be read: No such file"):
        import_contacts(store, tmp_path / "none.csv")


def test_unmarked_rows_are_private(store: Store, tmp_path: Path) -> None:
    file = write(tmp_path / "c.csv", "name;phone\nAnn Lee;811\n")
    report = import_contacts(store, file)
    assert "taken as private" in report.warnings[0]
    assert not rows(store)[0].public
    import_contacts(store, file, unmarked_public=True)
    assert rows(store)[0].public


def test_the_wrong_file_cannot_empty_the_directory(store: Store, tmp_path: Path) -> None:
    many = "".join(f"Person {chr(97 + n)},Clerk,Team,HQ,,,,true\n" for n in range(24))
    import_contacts(store, write(tmp_path / "c.csv", HEADER + many))
    small = write(tmp_path / "small.csv", HEADER + ANN)
    with pytest.raises(ContactsError, match="would remove 24 of 24 contacts"):
        import_contacts(store, small)
    assert len(import_contacts(store, small, merge=True).added) == 1
    assert len(rows(store)) == 25
    assert len(import_contacts(store, small, force=True).removed) == 24


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("403-943-1111", "(403) 943-1111"),
        ("+1 403 943 1111 x22", "(403) 943-1111 ext. 22"),
        ("403.555.0199 ext 7", "403.555.0199 ext 7"),
        ("+44 20 7946 0018", "+44 20 7946 0018"),
        ("811", "811"),
        ("x4321", "x4321"),
    ],
)
def test_phones(store: Store, tmp_path: Path, written: str, kept: str) -> None:
    row = f"Ann Lee,Nurse,,,{written},,,true\n"
    import_contacts(store, write(tmp_path / "c.csv", HEADER + row))
    assert rows(store)[0].phone == kept


def test_encodings(store: Store, tmp_path: Path) -> None:
    text = HEADER + ANN.replace("Ann Lee", "Siobhán Ó Brien")
    for encoding in ("utf-8-sig", "utf-16", "cp1252"):
        import_contacts(store, write(tmp_path / "c.csv", text.encode(encoding)))
        assert rows(store)[0].name == "Siobhán Ó Brien"


def test_embeddings_are_made_once_and_go_with_their_rows(store: Store, tmp_path: Path) -> None:
    embedder = CountingEmbedder()
    twin = ANN.replace("Ann Lee", "Amy Lee").replace("ann@", "amy@")
    file = write(tmp_path / "c.csv", HEADER + ANN + twin + EVE)
    import_contacts(store, file, embedder=embedder)
    import_contacts(store, file, embedder=embedder)
    assert embedder.asked == [
        "Nurse, Heart Clinic, Mondays",
        "VIP liaison, Security",
    ]
    with store.connection() as connection:
        assert list(table.read_vectors(connection, staff=False)) == embedder.asked[:1]
        assert len(table.read_vectors(connection, staff=True)) == 2
    import_contacts(store, write(file, HEADER + BOB), embedder=embedder)
    with store.connection() as connection:
        assert list(table.read_vectors(connection, staff=True)) == ["Porter, Facilities"]


VCARD = """BEGIN:VCARD
VERSION:3.0
FN:Ann Lee
TITLE:Nurse
ORG:Example Health;Heart Clinic
ADR;TYPE=work:;;1 Main St;Riverside;AB;;
TEL;TYPE=home:403-555-0177
TEL;TYPE=work:403-555-0101
EMAIL:ann@example.org
NOTE:Mondays
CLASS:PUBLIC
END:VCARD
BEGIN:VCARD
VERSION:3.0
FN Broken
END:VCARD
BEGIN:VCARD
VERSION:4.0
N:Roy;Eve;;Dr.;
FN:Dr. Eve Roy
TEL;VALUE=uri:tel:+1-403-555-0199
END:VCARD
"""


def test_vcard(store: Store, tmp_path: Path) -> None:
    report = import_contacts(store, write(tmp_path / "c.vcf", VCARD))
    assert [r.line for r in report.rejected] == [13]
    ann, eve = rows(store)
    assert ann == Contact(
        name="Ann Lee",
        role="Nurse",
        team="Heart Clinic",
        site="Riverside",
        phone="403-555-0101",
        email="ann@example.org",
        notes="Mondays",
    )
    assert (eve.name, eve.phone, eve.public) == ("Dr. Eve Roy", "+1-403-555-0199", False)


LDIF = """version: 1
# the people
dn: ou=people,dc=example,dc=org
objectClass: organizationalUnit
ou: people

dn: uid=ann,ou=people,dc=example,dc=org
objectClass: inetOrgPerson
cn: Ann
  Lee
title: Nurse
departmentNumber: Heart Clinic
l: Riverside
telephoneNumber: 403-555-0101
mail: ann@example.org
description:: TW9uZGF5cw==
jpegPhoto:< file:///etc/passwd
public: TRUE

dn: uid=bad,ou=people,dc=example,dc=org
cn:: ???

dn: uid=eve,ou=people,dc=example,dc=org
givenName: Eve
sn: Roy
"""


def test_ldif(store: Store, tmp_path: Path) -> None:
    report = import_contacts(store, write(tmp_path / "c.ldif", LDIF))
    assert [(r.line, r.reason) for r in report.rejected] == [(20, "cn is not base64")]
    ann, eve = rows(store)
    assert (ann.name, ann.role, ann.team, ann.site) == (
        "Ann Lee",
        "Nurse",
        "Heart Clinic",
        "Riverside",
    )
    assert (ann.phone, ann.notes, ann.public) == ("403-555-0101", "Mondays", True)
    assert (eve.name, eve.public) == ("Eve Roy", False)


def test_the_version_counts_every_change(store: Store, tmp_path: Path) -> None:
    with store.connection() as connection:
        before = table.version(connection)
    import_contacts(store, write(tmp_path / "c.csv", HEADER + ANN))
    with store.connection() as connection:
        connection.execute("UPDATE contacts SET public = false")
        assert table.version(connection) > before + 1
