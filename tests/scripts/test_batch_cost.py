import pytest

from scripts.batch_cost import Batch, main


def test_time_is_linear_in_frames_and_machines() -> None:
    batch = Batch(clips=100, seconds=36, fps=30, rate=10, cores=4, megabytes=2, motion_kilobytes=30)
    assert batch.hours(1) == pytest.approx(3.0) and batch.hours(100) == pytest.approx(0.03)
    assert batch.hours(99) == pytest.approx(0.06), "one machine has two clips"
    assert batch.core_hours() == pytest.approx(12.0)
    assert batch.megabytes_read(3) == pytest.approx(2.0) and batch.megabytes_written(3) == pytest.approx(0.03)


def test_table_has_a_row_for_each_number_of_machines(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--frames-per-second", "10"]) == 0
    printed = capsys.readouterr().out.splitlines()
    assert [line.split(" | ")[0] for line in printed[2:]] == ["| 1", "| 10", "| 100"]
    assert printed[2].split(" | ")[1] == "166.7"
    with pytest.raises(SystemExit):
        main(["--frames-per-second", "0"])
