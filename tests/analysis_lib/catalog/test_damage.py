"""A changed bit anywhere in a release is noticed, and the file is named."""

import random
import shutil
from collections.abc import Callable
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from analysis_lib.catalog import Dataset, check_release, import_omop, open_catalog
from analysis_lib.errors import DamagedReleaseError

MakeSource = Callable[..., Path]


def flip(path: Path, position: int) -> None:
    content = bytearray(path.read_bytes())
    content[position // 8] ^= 1 << position % 8
    path.chmod(0o644)
    path.write_bytes(content)


@pytest.fixture
def copy(gibleed: Dataset, tmp_path: Path) -> Path:
    """A copy of the data folder, to be damaged."""
    return Path(shutil.copytree(gibleed.path.parent.parent, tmp_path / "data"))


@pytest.fixture(scope="module")
def places(gibleed: Dataset) -> list[tuple[str, int]]:
    """Fifty bits drawn over the bytes of all files, manifest and sums included, and one in each of those two."""
    draw = random.Random(20261123)
    files = sorted(path for path in gibleed.path.rglob("*") if path.is_file())
    sizes = [path.stat().st_size for path in files]
    drawn = [*draw.choices(files, weights=sizes, k=48), gibleed.path / "manifest.json", gibleed.path / "SHA256SUMS"]
    return [(p.relative_to(gibleed.path).as_posix(), draw.randrange(p.stat().st_size * 8)) for p in drawn]


def test_fifty_flipped_bits_are_fifty_times_found_and_the_file_is_named(
    copy: Path, gibleed: Dataset, places: list[tuple[str, int]]
) -> None:
    release = copy / "gibleed" / gibleed.release
    assert check_release(release) == {}
    for name, position in places:
        flip(release / name, position)
        found = check_release(release)
        assert found, (name, position)
        assert name in found, (name, position, found)
        assert set(found) <= {name, "manifest.json", "SHA256SUMS"}
        flip(release / name, position)
    assert check_release(release) == {}


def test_a_flipped_bit_in_every_file_is_found_in_each_of_them(copy: Path, gibleed: Dataset) -> None:
    release = copy / "gibleed" / gibleed.release
    files = [*gibleed.manifest.files]
    assert len(files) > 50
    for part in ("person/", "concept/", "concept_ancestor/", "derived/_concept_words", "derived/_concept_totals"):
        assert any(name.startswith(part) for name in files), part
    draw = random.Random(3)
    for name in files:
        flip(release / name, draw.randrange((release / name).stat().st_size * 8))
    assert check_release(release) == dict.fromkeys(sorted(files), "changed")


def test_a_search_refuses_damaged_words(copy: Path, gibleed: Dataset) -> None:
    path = copy / "gibleed" / gibleed.release / "derived" / "_concept_words.parquet"
    flip(path, path.stat().st_size * 4)
    with pytest.raises(DamagedReleaseError, match=r"_concept_words\.parquet"):
        open_catalog(copy)["gibleed"].search_concepts("bleed")


def test_the_first_use_of_a_damaged_file_is_refused_whatever_reads_it(
    copy: Path, gibleed: Dataset, places: list[tuple[str, int]]
) -> None:
    for name, position in places[:12]:
        flip(copy / "gibleed" / gibleed.release / name, position)
        dataset = open_catalog(copy)["gibleed"]
        table = Path(name).parts[0] if not name.startswith("derived") else Path(name).stem
        for read in (dataset.table, dataset.paths):
            with pytest.raises(DamagedReleaseError, match=Path(name).name):
                read(table)
        flip(copy / "gibleed" / gibleed.release / name, position)


def test_a_damaged_manifest_is_noticed_when_the_data_set_is_opened(copy: Path, gibleed: Dataset) -> None:
    flip(copy / "gibleed" / gibleed.release / "manifest.json", 5_000)
    with pytest.raises(DamagedReleaseError, match=r"manifest\.json"):
        open_catalog(copy)["gibleed"]
    (listed,) = open_catalog(copy).listing()
    assert "data check" in listed["problem"]


def test_a_file_damaged_after_it_was_verified_is_noticed(copy: Path, gibleed: Dataset) -> None:
    dataset = open_catalog(copy)["gibleed"]
    (path,) = dataset.bucket_paths("drug_era", 0)
    flip(path, path.stat().st_size * 4)
    with pytest.raises(DamagedReleaseError, match="drug_era"):
        dataset.bucket_paths("drug_era", 0)


def test_pages_carry_checksums_that_are_verified_on_read(copy: Path, gibleed: Dataset) -> None:
    # The checksum of the file is what protects DuckDB's reads, which do not look at page checksums; pyarrow's do.
    (path,) = gibleed.bucket_paths("drug_era", 0)
    target = copy / "page.parquet"
    noticed = 0
    for position in range(1_000, path.stat().st_size * 8 // 2, path.stat().st_size // 4 * 8 // 2):
        shutil.copy(path, target)
        flip(target, position)
        with pytest.raises(OSError, match=r"CRC|checksum|Couldn't deserialize|thrift"):
            pq.read_table(target, page_checksum_verification=True)
        noticed += 1
    assert noticed >= 4


@pytest.mark.parametrize(
    ("harm", "state"),
    [
        (lambda path: path.unlink(), "missing"),
        (lambda path: path.write_bytes(b"") if not path.chmod(0o644) else None, "changed"),
        (lambda path: path.rename(path.with_name("other.parquet")), "missing"),
    ],
)
def test_missing_and_surplus_files_are_named(
    copy: Path, gibleed: Dataset, harm: Callable[[Path], object], state: str
) -> None:
    release = copy / "gibleed" / gibleed.release
    harm(release / "person" / "bucket-0001.parquet")
    found = check_release(release)
    assert found["person/bucket-0001.parquet"] == state
    if (release / "person" / "other.parquet").exists():
        assert found["person/other.parquet"] == "unexpected"


def test_a_table_of_another_release_put_in_its_place_is_noticed(make_source: MakeSource, tmp_path: Path) -> None:
    person = "person_id BIGINT, gender_concept_id BIGINT, year_of_birth BIGINT"
    one = import_omop(make_source(name="one"), name="one", data=tmp_path / "data").dataset
    two = import_omop(
        make_source({"person": (person, [(n, 0, 1900) for n in range(1, 6)])}, name="two"),
        name="two",
        data=tmp_path / "data",
    ).dataset
    target = one.path / "person" / "bucket-0000.parquet"
    target.chmod(0o644)
    shutil.copy(two.path / "person" / "bucket-0000.parquet", target)
    assert list(check_release(one.path)) == ["person/bucket-0000.parquet"]
