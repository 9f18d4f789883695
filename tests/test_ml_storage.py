"""Models in files: round trips, and files that are wrong, damaged or half written."""

import io
import json
import pickle
import zipfile

import numpy as np
import pandas
import pytest
from sklearn.base import clone
from sklearn.datasets import load_iris
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LogisticRegression as ForeignRegression

from cvkit.ml import (
    SVC,
    AdaBoostClassifier,
    BernoulliNB,
    DecisionTreeClassifier,
    DecisionTreeRegressor,
    ElasticNet,
    GaussianMixture,
    GaussianNB,
    ID3Classifier,
    Lasso,
    LinearRegression,
    LinearSVC,
    LogisticRegression,
    MultinomialNB,
    RandomForestClassifier,
    RandomForestRegressor,
    Ridge,
    load,
    save,
)
from cvkit.ml.tree._cpu.records import NODE_DTYPE

X, Y = load_iris(return_X_y=True)


MODELS = [
    (LinearSVC(C=0.1, class_weight={0: 2.0, 1: 1, 2: np.float64(0.5)}), Y),
    (LinearSVC(), np.array(["a", "b", "c"], dtype=object)[Y]),
    (LogisticRegression(C=np.inf, max_iter=np.int64(500)), np.array(["setosa", "other", "other"])[Y]),
    (SVC(kernel="linear", probability=True, random_state=3), Y > 0),
    (SVC(gamma=0.3), Y.astype(np.float32)),
    (DecisionTreeClassifier(max_depth=4, class_weight="balanced"), np.array(["a", "b", "c"])[Y]),
    (DecisionTreeRegressor(random_state=1), X[:, 0] + Y),
    (ID3Classifier(max_depth=2), np.array(["a", "b", "c"], dtype=object)[Y]),
    (RandomForestClassifier(5, criterion="entropy", random_state=2), Y),
    (RandomForestRegressor(5, max_features=0.5, random_state=2), X[:, 0] + Y),
    (AdaBoostClassifier(8, kind="gentle", max_depth=2), np.array(["setosa", "other", "other"])[Y]),
    (GaussianNB(var_smoothing=1e-6), np.array(["a", "b", "c"], dtype=object)[Y]),
    (MultinomialNB(alpha=0.5), Y),
    (BernoulliNB(binarize=1.5), Y),
    (GaussianMixture(2, random_state=0), Y),
    (LinearRegression(), X[:, 0] + Y),
    (Ridge(0.5), X[:, :2] + Y[:, np.newaxis]),
    (Lasso(0.01), X[:, 0] + Y),
    (ElasticNet(0.01), X[:, :2] + Y[:, np.newaxis]),
]


@pytest.mark.parametrize(("model", "y"), MODELS, ids=lambda value: type(value).__name__)
def test_round_trip(model, y, tmp_path):
    model.fit(X, y)
    save(model, tmp_path / "model.npz")
    again = load(tmp_path / "model.npz")
    assert type(again) is type(model)
    assert again.get_params() == model.get_params()
    np.testing.assert_array_equal(again.predict(X), model.predict(X))
    assert again.predict(X).dtype == model.predict(X).dtype
    for method in ("decision_function", "predict_proba", "apply"):
        if hasattr(model, method):
            np.testing.assert_array_equal(getattr(again, method)(X), getattr(model, method)(X))
    for name in type(model)._stored:
        expected, found = getattr(model, name), getattr(again, name)
        assert type(found) is type(expected)
        np.testing.assert_array_equal(found, expected)


def leave_garbage():
    """Fill memory that is free, so that whoever gets it and does not write to it is found out."""
    kept = [np.full(size, 0xAB, np.uint8) for size in (2**power for power in range(6, 18)) for _ in range(20)]
    del kept


def saved(model, path):
    save(model, path)
    return path.read_bytes()


@pytest.mark.parametrize(("model", "y"), MODELS, ids=lambda value: type(value).__name__)
def test_equal_fits_give_equal_files(model, y, tmp_path):
    model = clone(model)
    if "random_state" in model.get_params():
        model.set_params(random_state=0)
    first = clone(model).fit(X, y)
    leave_garbage()
    second = clone(model).fit(X, y)
    assert pickle.dumps(second) == pickle.dumps(first)
    assert saved(second, tmp_path / "second.npz") == saved(first, tmp_path / "first.npz")
    leave_garbage()
    again = load(tmp_path / "first.npz")
    assert saved(again, tmp_path / "again.npz") == (tmp_path / "first.npz").read_bytes()


@pytest.mark.parametrize("parameters", [{}, {"ccp_alpha": 0.02}, {"max_leaf_nodes": 5}], ids=str)
def test_every_byte_of_a_node_is_written(parameters):
    assert sum(NODE_DTYPE[name].itemsize for name in NODE_DTYPE.names) == NODE_DTYPE.itemsize
    for learner in (DecisionTreeClassifier, DecisionTreeRegressor, RandomForestClassifier):
        leave_garbage()
        nodes = learner(random_state=0, **parameters).fit(X, Y).nodes_
        leave_garbage()
        for copy in (nodes, nodes.copy(), nodes[::2].copy(), np.concatenate([nodes, nodes])):
            assert not copy["unused"].any()


def swapped(array):
    """Return an array as a machine of the other byte order would write it."""
    return array.byteswap().view(array.dtype.newbyteorder())


@pytest.mark.parametrize(("model", "y"), MODELS, ids=lambda value: type(value).__name__)
def test_models_of_the_other_byte_order(model, y, tmp_path):
    model.fit(X, y)
    save(model, tmp_path / "model.npz")
    with np.load(tmp_path / "model.npz") as archive:
        arrays = {name: swapped(archive[name]) for name in archive.files}
    np.savez(tmp_path / "foreign.npz", **arrays)

    class ForeignPickler(pickle.Pickler):
        def reducer_override(self, item):
            is_plain = type(item) is np.ndarray and not item.dtype.hasobject
            return swapped(item).__reduce__() if is_plain else NotImplemented

    pickled = io.BytesIO()
    ForeignPickler(pickled).dump(model)
    for again in (load(tmp_path / "foreign.npz"), pickle.loads(pickled.getvalue())):
        assert all(value.dtype.isnative for value in vars(again).values() if isinstance(value, np.ndarray))
        np.testing.assert_array_equal(again.predict(X), model.predict(X))
        assert pickle.dumps(again.predict(X)) == pickle.dumps(model.predict(X))


def test_nodes_of_older_files_are_read(tmp_path):
    """They had no name for their last bytes, and whatever was in memory there."""
    forest = RandomForestClassifier(3, random_state=0).fit(X, Y)
    nodes = forest.nodes_.copy()
    nodes["unused"] = 0xAB
    fields = {name: NODE_DTYPE.fields[name] for name in NODE_DTYPE.names if name != "unused"}
    older = np.dtype(
        {
            "names": list(fields),
            "formats": [kind for kind, _ in fields.values()],
            "offsets": [offset for _, offset in fields.values()],
            "itemsize": NODE_DTYPE.itemsize,
        }
    )
    old = clone(forest).fit(X, Y)
    old.nodes_ = nodes.view(older)
    save(old, tmp_path / "old.npz")
    again = load(tmp_path / "old.npz")
    np.testing.assert_array_equal(again.nodes_, forest.nodes_)
    np.testing.assert_array_equal(again.predict_proba(X), forest.predict_proba(X))


@pytest.mark.parametrize("forest", [RandomForestClassifier, RandomForestRegressor])
def test_the_trees_of_a_loaded_forest(forest, tmp_path):
    model = forest(3, random_state=0).fit(X, Y)
    save(model, tmp_path / "forest.npz")
    again = load(tmp_path / "forest.npz")
    np.testing.assert_array_equal(again.feature_importances_, model.feature_importances_)
    for found, expected in zip(again.estimators_, model.estimators_, strict=True):
        assert found.get_params() == expected.get_params()
        np.testing.assert_array_equal(found.tree_.threshold, expected.tree_.threshold)
        np.testing.assert_array_equal(found.predict(X), expected.predict(X))
    with pytest.raises(ValueError, match="known only after fit"):
        _ = again.estimators_samples_  # the bootstraps belong to the training data, which the file lacks


def test_column_names_are_kept(tmp_path):
    frame = pandas.DataFrame(X, columns=list("abcd"))
    save(LinearSVC().fit(frame, Y), str(tmp_path / "model"))
    again = load(str(tmp_path / "model"))
    assert again.feature_names_in_.tolist() == list("abcd")
    again.predict(frame)  # would warn without the names


def test_no_pickle_in_the_file(tmp_path):
    path = tmp_path / "model.npz"
    save(LinearSVC().fit(X, np.array(["a", "b", "c"], dtype=object)[Y]), path)
    with np.load(path, allow_pickle=False) as archive:
        for name in archive.files:
            assert not archive[name].dtype.hasobject


@pytest.mark.parametrize(
    ("model", "error", "message"),
    [
        (ForeignRegression(max_iter=1000), TypeError, "learner of cvkit.ml"),
        (SVC(kernel=np.dot), ValueError, "kernel=.* without pickle"),
        (LinearSVC(random_state=np.random.RandomState(0)), ValueError, "random_state=.* without pickle"),
    ],
)
def test_what_cannot_be_saved(model, error, message, tmp_path):
    if not callable(getattr(model, "kernel", None)):
        model.fit(X, Y)
    else:
        model.set_params(kernel=lambda a, b: a @ b.T).fit(X, Y)
    path = tmp_path / "model.npz"
    path.write_bytes(b"the old file")
    with pytest.raises(error, match=message):
        save(model, path)
    assert path.read_bytes() == b"the old file"
    assert [entry.name for entry in tmp_path.iterdir()] == ["model.npz"]


def test_unfitted(tmp_path):
    with pytest.raises(NotFittedError):
        save(LinearSVC(), tmp_path / "model.npz")


def test_interrupted_write_leaves_the_old_file(tmp_path, monkeypatch):
    path = tmp_path / "model.npz"
    save(LinearSVC(C=2.0).fit(X, Y), path)

    def broken(file, **arrays):
        file.write(b"half")
        raise OSError("disk full")

    monkeypatch.setattr(np, "savez", broken)
    with pytest.raises(OSError, match="disk full"):
        save(LinearSVC(C=3.0).fit(X, Y), path)
    assert load(path).C == 2.0
    assert [entry.name for entry in tmp_path.iterdir()] == ["model.npz"]


def write_header(path, **changes):
    """Save a model and change its header."""
    save(LinearSVC().fit(X, Y), path)
    with np.load(path) as archive:
        arrays = {name: archive[name] for name in archive.files}
    header = {**json.loads(arrays.pop("header").item()), **changes}
    np.savez(path, header=np.array(json.dumps(header)), **arrays)


def damage(path, kind):
    if kind == "text":
        path.write_text("not a model")
    elif kind == "empty":
        path.write_bytes(b"")
    elif kind == "pickle":
        path.write_bytes(pickle.dumps({"a": 1}))
    elif kind == "array":
        with path.open("wb") as file:
            np.save(file, X)
    elif kind == "other npz":
        np.savez(path, a=X)
    elif kind == "zip of text":
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("header.npy", "nothing")
    elif kind == "object array":
        np.savez(path, header=np.array([{}], dtype=object))
    elif kind == "cut":
        save(SVC().fit(X, Y), path)
        path.write_bytes(path.read_bytes()[:-200])
    elif kind == "flipped":
        save(SVC().fit(X, Y), path)
        content = bytearray(path.read_bytes())
        content[len(content) // 2] ^= 255
        path.write_bytes(bytes(content))
    elif kind == "unknown class":
        write_header(path, **{"class": "os"})
    elif kind == "function for class":
        write_header(path, **{"class": "load"})
    elif kind == "later version":
        write_header(path, version=99)
    elif kind == "unknown parameter":
        write_header(path, parameters={"color": 1})
    elif kind == "missing attribute":
        write_header(path, attributes={"coef_": {"array": "array_0"}})
    elif kind == "missing array":
        write_header(path, parameters={"C": {"array": "array_99"}})
    elif kind == "unknown tag":
        write_header(path, parameters={"C": {"set": [1]}})


@pytest.mark.parametrize(
    "kind",
    [
        "text",
        "empty",
        "pickle",
        "array",
        "other npz",
        "zip of text",
        "object array",
        "cut",
        "flipped",
        "unknown class",
        "function for class",
        "later version",
        "unknown parameter",
        "missing attribute",
        "missing array",
        "unknown tag",
    ],
)
def test_bad_files(kind, tmp_path):
    path = tmp_path / "model.npz"
    damage(path, kind)
    with pytest.raises(ValueError, match=r"model\.npz is not a .*model file of cvkit\.ml"):
        load(path)


def test_missing_file(tmp_path):
    with pytest.raises(FileNotFoundError):
        load(tmp_path / "nothing.npz")
