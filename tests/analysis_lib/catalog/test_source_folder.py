"""Folders of CSV and Parquet: the same rows as from a database, and nothing lost without a word."""

import gzip
import os
import traceback
from collections.abc import Callable, Mapping
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from analysis_lib.catalog import Dataset, import_omop
from analysis_lib.catalog.quality.reporting import report_text
from analysis_lib.errors import AnalysisError, ImportRefusedError, SourceError
from analysis_lib.testing import synthetic_omop

Files = Mapping[str, bytes | str]
MakeFolder = Callable[[Files], Path]

PERSON = "person_id,gender_concept_id,year_of_birth,person_source_value\n"
ONE = PERSON + "1,8507,1950,a\n"
MEASUREMENT = "measurement_id,person_id,measurement_concept_id,measurement_date,value_source_value\n"
ID, TEXT, DAY = 770_133_077, "markedtext", "1933-07-27"
MARKS = (str(ID), TEXT, DAY, "19330727")


@pytest.fixture
def make_folder(tmp_path: Path) -> MakeFolder:
    """Write files by their paths inside a folder."""

    def make(files: Files) -> Path:
        folder = tmp_path / "source"
        for name, content in files.items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content.encode() if isinstance(content, str) else content)
        return folder

    return make


def imported(folder: Path, **options: str) -> Dataset:
    return import_omop(folder, name="small", data=folder.parent / "data", **options).dataset


def refusal(folder: Path, **options: str) -> str:
    """The message of a refusal, in which no mark may be."""
    with pytest.raises(AnalysisError) as caught:
        imported(folder, **options)
    shown = "".join(traceback.format_exception(caught.value))
    assert not [mark for mark in MARKS if mark in shown]
    assert not (folder.parent / "data" / "small").exists()
    return str(caught.value)


def persons(found: Dataset, column: str = "person_source_value") -> list[object]:
    frame = found.table("person").sort_values("person_id")
    return [None if value != value else value for value in frame[column].tolist()]


def checksums(found: Dataset) -> dict[str, list[str]]:
    return {name: [file.sha256 for file in entry.files] for name, entry in found.tables.items()}


@pytest.mark.parametrize("version", ["5.3", "5.4"])
def test_every_format_of_the_same_data_gives_the_same_bytes(tmp_path: Path, version: str) -> None:
    found = {}
    for kind, name in (("duckdb", "omop.duckdb"), ("parquet", "parquet"), ("csv", "csv"), ("csv.gz", "gz")):
        synthetic_omop(
            tmp_path / name,
            persons=200,
            seed=7,
            measurements_per_person=10,
            format=kind,  # type: ignore[arg-type]
            cdm_version=version,
            wide_ids=True,
        )
        found[kind] = import_omop(tmp_path / name, name=name.split(".")[0], data=tmp_path / "data", bucket_count=4)
    sums = {kind: checksums(result.dataset) for kind, result in found.items()}
    assert len(sums["duckdb"]) > 20
    for kind in ("parquet", "csv", "csv.gz"):
        dataset = found[kind].dataset
        assert sums[kind] == sums["duckdb"]
        assert dataset.cdm_version == version
        assert dataset.quality.of_rule("column-type") == {}
        assert dataset.quality.of_rule("line-unreadable") == {}


def test_a_folder_imported_again_changes_nothing_and_a_changed_file_makes_another_release(
    make_folder: MakeFolder,
) -> None:
    folder = make_folder({"person.csv": ONE})
    first = imported(folder)
    again = import_omop(folder, name="small", data=folder.parent / "data")
    assert (again.created, again.dataset.release) == (False, first.release)
    (folder / "person.csv").write_text(ONE + "2,8507,1951,b\n")
    assert imported(folder).release != first.release


def test_the_manifest_names_the_folder_its_files_and_its_sum(make_folder: MakeFolder) -> None:
    folder = make_folder({"person.csv": ONE, "measurement.csv.gz": gzip.compress(MEASUREMENT.encode())})
    source = imported(folder).manifest.source
    assert source["files"] == 2
    assert source["bytes"] == sum(path.stat().st_size for path in folder.iterdir())
    assert len(source["sha256"]) == 64
    assert "source" in source.values()
    assert str(folder.parent) not in str(source)


@pytest.mark.parametrize(
    "files",
    [
        {"PERSON.CSV": ONE.upper(), "person_readme.md": "no table"},
        {"person_1.csv": ONE, "person_2.csv": PERSON},
        {"Person/part-0.csv": PERSON, "Person/part-1.csv": ONE},
        {"person.csv.gz": gzip.compress(ONE.encode())},
        {"person.csv.gz": gzip.compress(PERSON.encode()) + gzip.compress(b"1,8507,1950,a\n")},
        {"person.csv": ONE.replace(",", ";")},
        {"person.tsv": ONE.replace(",", "\t")},
        {"person.txt": ONE.replace(",", "|")},
        {"person.csv": "\ufeff" + ONE},
        {"person.csv": "\ufeff" + ONE.replace("\n", "\r\n")},
        {"person.csv": ONE.replace("\n", "\r\n", 1)},
        {"person.csv": ONE.rstrip("\n")},
        {"person.csv": ONE.encode("utf-16")},
        {"person.csv": ONE, "measurement.csv": ""},
        {"person.csv": ONE, "measurement.csv": MEASUREMENT},
        {"person.csv": ONE, "measurement.csv": MEASUREMENT.strip()},
        {"person.csv": ONE, "readme.txt": "A note, and\nno table.\n", "_SUCCESS": "", ".hidden.csv": "x"},
    ],
)
def test_files_are_found_and_read_however_they_are_called_and_written(make_folder: MakeFolder, files: Files) -> None:
    found = imported(make_folder(files))
    assert [str(value).lower() for value in persons(found)] == ["a"]
    assert found.quality.of_rule("line-unreadable") == {}
    assert set(found.tables) <= {"person", "measurement"}


def test_empty_fields_are_missing_and_quoted_ones_keep_every_sign(make_folder: MakeFolder) -> None:
    text = PERSON + '1,0,1950,\n2,0,,"x\ny, ""z"""\n3,0,1950,\\N\n4,0,1950, 한글 \n'
    found = imported(make_folder({"person.csv": text}))
    assert persons(found) == [None, 'x\ny, "z"', None, " 한글 "]
    assert found.table("person").sort_values("person_id")["year_of_birth"].isna().tolist() == [
        False,
        True,
        False,
        False,
    ]


def test_ids_and_dates_keep_every_digit(make_folder: MakeFolder) -> None:
    ids = [-(2**63), 2**53 + 1, 2**63 - 1]
    rows = "".join(f"{n},{n},0,{day},x\n" for n, day in zip(ids, ["1066-10-14", "9999-12-31", "20200131"], strict=True))
    people = PERSON + "".join(f"{n},0,1950,a\n" for n in ids)
    found = imported(make_folder({"person.csv": people, "measurement.csv": MEASUREMENT + rows}))
    frame = found.table("measurement").sort_values("measurement_id")
    assert frame["measurement_id"].tolist() == ids
    assert [str(day)[:10] for day in frame["measurement_date"]] == ["1066-10-14", "9999-12-31", "2020-01-31"]


@pytest.mark.parametrize("value", ["1e5", "1.5", "A1", "9223372036854775808", "0x1F"])
def test_an_id_that_is_no_whole_number_is_refused_by_the_name_of_its_column(
    make_folder: MakeFolder, value: str
) -> None:
    with pytest.raises(ImportRefusedError, match=r"person\.person_id"):
        imported(make_folder({"person.csv": ONE + f"{value},0,1950,b\n"}))


def test_vocabulary_files_as_athena_writes_them_are_read(make_folder: MakeFolder) -> None:
    header = "concept_id\tconcept_name\tdomain_id\tvocabulary_id\tvalid_start_date\tvalid_end_date\n"
    row = '1\t5" tube, "long\tDevice\tTest\t20200131\t20991231\n'
    found = imported(make_folder({"person.csv": ONE, "CONCEPT.csv": header + row, "readme.txt": "one, two"}))
    frame = found.table("concept")
    assert frame["concept_name"].tolist() == ['5" tube, "long']
    assert [str(day)[:10] for day in frame["valid_start_date"]] == ["2020-01-31"]


@pytest.mark.parametrize(
    ("bad", "n_lost"),
    [
        ("2,0,1951\n", 1),
        ("2,0,1951,b,c\n", 1),
        ('2,0,1951,"b\n', 1),
        ('2,0,"1951,b\n', 1),
        ('2,0,1951,"b" c\n', 1),
        ("2,0,1951,b\0\n", 1),
        ('2,0\n"\n3,\0,1,c\n', 3),
    ],
)
@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
def test_a_line_that_is_no_row_is_left_out_and_counted_and_costs_no_other_line(
    make_folder: MakeFolder, bad: str, n_lost: int, line_end: str
) -> None:
    after = "".join(f'{n},0,1950,"{n},"\n' for n in range(10, 60))
    found = imported(make_folder({"person.csv": (ONE + bad + after).replace("\n", line_end)}))
    assert found.quality.of_rule("line-unreadable") == {"person": n_lost}
    assert persons(found) == ["a", *(f"{n}," for n in range(10, 60))]
    assert (found.tables["person"].rows, found.n_persons) == (51, 51)
    assert f"{n_lost} rows of the source: person {n_lost}" in report_text(found)


@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
@pytest.mark.parametrize("open_quote", ["", '9,0,1950,"\n'])
def test_the_report_gives_line_numbers_as_an_editor_counts_them(
    make_folder: MakeFolder, line_end: str, open_quote: str
) -> None:
    text = ONE + '2,0,1950,"b\nc"\n\n3,0\n4,0,1950,d\n5,0,1950,e,f\n' + open_quote
    found = imported(make_folder({"person.csv": text.replace("\n", line_end)}))
    (finding,) = [one for one in found.quality.findings if one.rule == "line-unreadable"]
    assert finding.about == f"first at line 6, 8{', 9' if open_quote else ''}"
    assert persons(found)[::2] == ["a", "d"]


def test_an_open_quote_before_a_hundred_thousand_lines_costs_one_line(make_folder: MakeFolder) -> None:
    rows = "".join(f"{n},0,1950,a\n" for n in range(100_000))
    found = imported(make_folder({"person.csv": PERSON + '-1,0,1950,"\n' + rows}))
    assert found.quality.of_rule("line-unreadable") == {"person": 1}
    assert found.tables["person"].rows == 100_000


def test_header_lines_among_the_rows_of_files_put_together_are_left_out_and_counted(make_folder: MakeFolder) -> None:
    rows = [f"{n},1,5,2001-01-0{n},x\n" for n in range(1, 4)]
    text = MEASUREMENT + rows[0] + MEASUREMENT.upper() + rows[1] + MEASUREMENT + rows[2]
    found = imported(make_folder({"person.csv": ONE, "measurement.csv": text}))
    assert sorted(found.table("measurement")["measurement_id"]) == [1, 2, 3]
    assert found.quality.of_rule("header-as-data") == {"measurement": 2}
    assert found.quality.of_rule("value-unreadable") == {}
    assert (found.tables["measurement"].rows_source, found.tables["measurement"].rows) == (5, 3)
    assert "no row of the source" in report_text(found)  # a header is none
    assert "1 tables: measurement (2 lines)" in report_text(found)


def test_a_row_that_only_looks_like_a_header_in_one_column_still_stops_the_import(make_folder: MakeFolder) -> None:
    folder = make_folder({"person.csv": ONE, "measurement.csv": MEASUREMENT + "measurement_id,1,5,2001-01-01,x\n"})
    assert "measurement.measurement_id" in refusal(folder)


def test_a_note_of_three_million_signs_is_a_value_like_any_other(make_folder: MakeFolder) -> None:
    note = "note_id,person_id,note_text\n" + "".join(f'{n},1,"{sign * 3_000_000}"\n' for n, sign in enumerate("xy"))
    found = imported(make_folder({"person.csv": ONE, "note.csv": note + "7,1,short\n"}))
    lengths = found.query("SELECT length(note_text) AS n FROM note ORDER BY note_id")["n"].tolist()
    assert lengths == [3_000_000, 3_000_000, 5]
    assert found.quality.of_rule("line-unreadable") == {}


KOREAN = PERSON + "1,0,1950,홍길동\n2,0,1951,똠방각하\n"


@pytest.mark.parametrize("options", [{}, {"encoding": "cp949"}])
def test_korean_of_windows_is_read_beside_a_vocabulary_in_utf_8(
    make_folder: MakeFolder, options: dict[str, str]
) -> None:
    folder = make_folder(
        {"person.csv": KOREAN.encode("cp949"), "concept.csv": "concept_id,concept_name\n1,Ménière 심부전\n"}
    )
    found = imported(folder, **options)
    assert persons(found) == ["홍길동", "똠방각하"]
    assert found.table("concept")["concept_name"].tolist() == ["Ménière 심부전"]


def test_an_encoding_that_cannot_be_told_is_asked_for(make_folder: MakeFolder) -> None:
    folder = make_folder({"person.csv": (PERSON + f"1,0,1950,{TEXT} Ménière à être\n").encode("latin-1")})
    assert "encoding" in refusal(folder)
    assert persons(imported(folder, encoding="latin-1")) == [f"{TEXT} Ménière à être"]


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be", "utf-32-le"])
@pytest.mark.parametrize("text", [ONE, KOREAN])
def test_a_given_encoding_of_several_bytes_a_sign_is_not_taken_for_utf_8(
    make_folder: MakeFolder, encoding: str, text: str
) -> None:
    found = imported(make_folder({"person.csv": text.encode(encoding)}), encoding=encoding)
    assert persons(found) == [line.split(",")[-1] for line in text.split()[1:]]


def test_a_nul_in_utf_8_is_no_reason_to_take_the_given_encoding(make_folder: MakeFolder) -> None:
    folder = make_folder({"person.csv": PERSON + "1,0,1950,홍길동\n2,0,1950,\0\n"})
    found = imported(folder, encoding="latin-1")
    assert persons(found) == ["홍길동"]
    assert found.quality.of_rule("line-unreadable") == {"person": 1}


MARKED = PERSON + f"{ID},0,1950,{TEXT}\n"


@pytest.mark.parametrize(
    ("files", "says"),
    [
        ({"person.csv": MARKED, "person/part-0.csv": MARKED}, "table person is there more than once"),
        ({"person.csv": MARKED, "PERSON.csv": MARKED}, "more than once"),
        ({"person.csv": MARKED, "person.csv.gz": gzip.compress(MARKED.encode())}, "more than once"),
        ({"person.csv": MARKED, "person.parquet": b"PAR1"}, "more than once"),
        ({"person.csv": MARKED, "person_1.csv": MARKED}, "more than once"),
        ({"person.csv": f"{ID},0,1950,{TEXT}\n"}, "no header"),
        ({"person.csv": MARKED, "other.csv": f"{TEXT},{ID}\n{DAY},{TEXT}\n"}, "no header"),
        ({"person.csv": MARKED, "measurement.csv": "measurement_id,person_id,Person_ID\n1,1,1\n"}, "twice"),
        ({"person.csv.gz": gzip.compress((MARKED * 1000).encode())[:-9]}, "person.csv.gz cannot be unpacked"),
        ({"person.csv.gz": MARKED}, "person.csv.gz cannot be unpacked"),
        ({"person.parquet": MARKED}, "table person cannot be read"),
        ({"person.csv": ""}, "no person table"),
        ({"measurement.csv": MEASUREMENT}, "no person table"),
        ({"person.csv": PERSON}, "no person with an id"),
        ({"notes.md": MARKED}, "no person table"),
        ({"person.csv": MARKED, "measurement.csv.zip": "PK"}, "Unpack"),
        ({"person.csv": MARKED, "death/year=2020/part-0.csv": "person_id,death_date\n"}, "partition"),
        ({"person.csv": MARKED + f"{TEXT},0,1950,{DAY}\n"}, "person.person_id"),
    ],
)
def test_what_cannot_be_read_or_could_be_read_in_two_ways_is_refused(
    make_folder: MakeFolder, files: Files, says: str
) -> None:
    assert says in refusal(make_folder(files))


def test_marked_lines_that_are_no_rows_are_in_no_message_and_no_report(make_folder: MakeFolder) -> None:
    folder = make_folder({"person.csv": ONE + f'{ID},"{TEXT}\n{ID}\n2,0,1950,"{TEXT}" {DAY}\n'})
    said: list[str] = []
    found = import_omop(folder, name="small", data=folder.parent / "data", progress=said.append).dataset
    assert found.quality.of_rule("line-unreadable") == {"person": 3}
    assert "person.csv: 3 lines are no rows, from line 3" in said
    text = "".join(said) + (found.path / "manifest.json").read_text()
    assert not [mark for mark in MARKS if mark in text]


def test_a_link_that_leads_out_of_the_folder_is_refused(make_folder: MakeFolder, tmp_path: Path) -> None:
    folder = make_folder({"person.csv": ONE})
    (tmp_path / "elsewhere.csv").write_text(MEASUREMENT)
    (folder / "measurement.csv").symlink_to(tmp_path / "elsewhere.csv")
    assert "measurement.csv is a link that leads out" in refusal(folder)


def _folder_link(folder: Path) -> None:
    (folder / "parts").mkdir()
    (folder / "parts" / "a.csv").write_text(MEASUREMENT)
    (folder / "measurement").symlink_to(folder / "parts")


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (_folder_link, "measurement is a link to a folder"),
        (lambda folder: (folder / "measurement.csv").symlink_to(folder / "gone.csv"), "is a link to nothing"),
        (lambda folder: (folder / "measurement.parquet").symlink_to("measurement.parquet"), "is a link to nothing"),
        (lambda folder: os.mkfifo(folder / "measurement.csv.gz"), "is no plain file"),
    ],
)
def test_what_only_looks_like_a_table_s_file_is_refused(
    make_folder: MakeFolder, make: Callable[[Path], object], says: str
) -> None:
    folder = make_folder({"person.csv": ONE})
    make(folder)
    assert says in refusal(folder)


@pytest.mark.parametrize("name", ["a[b]c", "a*", "[", "what?"])
def test_a_folder_whose_path_looks_like_a_pattern_is_read(make_folder: MakeFolder, name: str) -> None:
    folder = make_folder({"person.csv": ONE, "death/part-0.csv": "person_id,death_date\n1,2001-01-01\n"})
    write_parquet(folder / "observation_period.parquet", person_id=[1], observation_period_id=[1])
    found = imported(folder.rename(folder.with_name(name)))
    assert {table: entry.rows for table, entry in found.tables.items()} == {
        "person": 1,
        "observation_period": 1,
        "death": 1,
    }


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads everything")
def test_a_file_that_may_not_be_read_is_named(make_folder: MakeFolder) -> None:
    folder = make_folder({"person.csv": ONE})
    (folder / "person.csv").chmod(0)
    assert "person.csv cannot be read" in refusal(folder)


def test_hostile_names_of_files_and_columns_are_only_names(make_folder: MakeFolder) -> None:
    header = 'person_id,gender_concept_id,"""; DROP TABLE person; --",*, sp ace ,이름\n'
    folder = make_folder(
        {
            "person/[a]*.csv": header + "1,0,a,b,c,d\n",
            "person/a.csv": header + "2,0,a,b,c,d\n",
            "person/b'?;{x}.csv": header + "3,0,a,b,c,d\n",
            '"; DROP TABLE person; --.csv': "a,b\n1,2\n",
            "o*.csv": "a,b\n1,2\n",
            "한글.csv": "가,나\n1,2\n",
        }
    )
    found = imported(folder)
    assert sorted(found.table("person")["person_id"]) == [1, 2, 3]
    assert {'"; drop table person; --', "*", "sp ace", "이름"} <= set(found.tables["person"].spec.columns)
    assert sum(found.quality.of_rule("table-name").values()) == 3


def write_parquet(path: Path, **columns: object) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.table(columns), path)


PEOPLE = {"person_id": [1], "gender_concept_id": [0], "year_of_birth": [1950]}


def test_many_parquet_files_of_a_table_are_one_though_columns_differ_in_order_and_number(tmp_path: Path) -> None:
    folder = tmp_path / "source"
    write_parquet(folder / "PERSON" / "part-0.PARQUET", **PEOPLE)
    write_parquet(folder / "PERSON" / "[p]*.parquet", person_source_value=["b"], YEAR_OF_BIRTH=[1951], person_id=[2])
    write_parquet(folder / "Death_1.parquet", person_id=pa.array([1], pa.int32()), death_date=[None])
    write_parquet(folder / "Death_2.parquet", person_id=[2**60], death_date=[None])
    found = imported(folder)
    assert persons(found) == [None, "b"]
    assert persons(found, "year_of_birth") == [1950, 1951]
    assert sorted(found.table("death")["person_id"]) == [1, 2**60]


def test_times_with_a_zone_in_nanoseconds_are_read_as_utc_and_whole_numbers_as_the_days_they_spell(
    tmp_path: Path,
) -> None:
    folder = tmp_path / "source"
    write_parquet(folder / "person.parquet", **PEOPLE)
    times = pa.array([1_580_428_800_000_001_000, None], pa.timestamp("ns", "Asia/Seoul"))
    write_parquet(
        folder / "death.parquet",
        person_id=[1, 1],
        death_date=pa.array([20200131, None], pa.int32()),
        death_datetime=times,
    )
    found = imported(folder)
    query = "SELECT CAST(death_date AS VARCHAR) AS day, CAST(death_datetime AS VARCHAR) AS time FROM death ORDER BY day"
    assert found.query(query).iloc[0].tolist() == ["2020-01-31", "2020-01-31 00:00:00.000001"]
    assert found.quality.of_rule("value-unreadable") == {}


def test_parquet_files_that_disagree_on_a_type_are_refused_before_an_id_becomes_a_float(tmp_path: Path) -> None:
    folder = tmp_path / "source"
    write_parquet(folder / "person" / "part-0.parquet", **PEOPLE)
    write_parquet(folder / "person" / "part-1.parquet", **{**PEOPLE, "person_id": [2.0]})
    assert "person_id is DOUBLE and whole number" in refusal(folder)


def test_a_part_without_any_value_of_a_column_fits_the_others(tmp_path: Path) -> None:
    folder = tmp_path / "source"
    write_parquet(folder / "person" / "part-0.parquet", **PEOPLE, person_source_value=[None], provider_id=[None])
    more = {**PEOPLE, "person_id": [2], "person_source_value": ["b"], "provider_id": [2**60]}
    write_parquet(folder / "person" / "part-1.parquet", **more)
    found = imported(folder)
    assert persons(found) == [None, "b"]
    assert found.table("person")["provider_id"].dropna().tolist() == [2**60]


def test_a_vocabulary_in_csv_may_lie_beside_parquet(tmp_path: Path) -> None:
    folder = tmp_path / "source"
    write_parquet(folder / "person.parquet", **PEOPLE)
    (folder / "CONCEPT.csv").write_text("concept_id\tconcept_name\n1\tx\n")
    found = imported(folder)
    assert (found.tables["person"].rows, found.tables["concept"].rows) == (1, 1)


def _rewritten_with_its_old_time(folder: Path) -> None:
    file = folder / "person.csv"
    before = file.stat()
    file.write_text(ONE.replace("a\n", "b\n"))
    os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))


@pytest.mark.parametrize(
    "change",
    [
        lambda folder: (folder / "person.csv").write_text(ONE + ONE),
        lambda folder: (folder / "death.csv").write_text("person_id\n1\n"),
        lambda folder: (folder / "person.csv").unlink(),
        _rewritten_with_its_old_time,
    ],
)
def test_a_file_that_changes_comes_or_goes_while_it_is_read_stops_the_import(
    make_folder: MakeFolder, change: Callable[[Path], object]
) -> None:
    folder = make_folder({"person.csv": ONE})

    def progress(line: str) -> None:
        if line.startswith("checking"):
            change(folder)

    with pytest.raises(SourceError, match="changed while it was read"):
        import_omop(folder, name="small", data=folder.parent / "data", progress=progress)


def test_options_for_csv_are_refused_for_other_sources(make_source: Callable[..., Path]) -> None:
    source = make_source()
    with pytest.raises(SourceError, match="CSV"):
        import_omop(source, name="small", data=source.parent / "data", encoding="cp949")


@pytest.mark.parametrize("options", [{"delimiter": "ab"}, {"quote": "\n"}, {"encoding": "klingon"}])
def test_signs_that_cannot_be_are_refused(make_folder: MakeFolder, options: dict[str, str]) -> None:
    assert "Give for example" in refusal(make_folder({"person.csv": ONE}), **options)
