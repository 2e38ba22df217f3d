"""Objects whose methods do with their arguments what the objects in them do."""

import functools
import sys
import threading

import numpy as np

kept = []


def address(data):
    return data.__array_interface__["data"][0]


class Lender:
    def fit(self, data):
        self.total = data.sum()


class Keeper:
    def fit(self, data):
        self.data = data


def lend(data):
    return data.sum()


def keep(data):
    kept.append(data)


class Holds:
    """Calls the method of what it holds."""

    def __init__(self, model):
        self.name, self.model = "model", model

    def fit(self, data):
        self.model.fit(data)
        return address(data)


class Slots:
    __slots__ = ("model",)

    def __init__(self, model):
        self.model = model

    def fit(self, data):
        self.model.fit(data)
        return address(data)


class Steps:
    def __init__(self, model):
        self.steps = [("first", Lender()), ("second", model)]

    def fit(self, data):
        for _, step in self.steps:
            step.fit(data)
        return address(data)


class Table:
    def __init__(self, model):
        self.models = {"first": {"second": model}, 2: Lender()}

    def fit(self, data):
        self.models["first"]["second"].fit(data)
        return address(data)


class Kind:
    """Holds a class, and what that makes."""

    def __init__(self, kind):
        self.kind, self.made = kind, []

    def fit(self, data):
        self.made.append(self.kind())
        self.made[-1].fit(data)
        return address(data)


class ManyAttributes:
    def __init__(self, model):
        vars(self).update({f"parameter_{number}": float(number) for number in range(60)})
        self.model = model

    def fit(self, data):
        self.model.fit(data)
        return address(data)


class Node:
    """One of several that know each other, so that many paths lead to each."""

    def __init__(self, model):
        self.peers = [self]
        for _ in range(7):
            node = object.__new__(Node)
            node.peers = self.peers
            self.peers.append(node)
        self.peers.append([[[Holds(model)]]])

    def fit(self, data):
        self.peers[-1][0][0][0].fit(data)
        return address(data)


class Calls:
    """Wraps a function, as some decorators do."""

    def __init__(self, function):
        self.function = function

    def fit(self, data):
        self.function(data)
        return address(data)

    __call__ = fit


class Wraps(Calls):
    def __init__(self, function):
        functools.update_wrapper(self, function)
        super().__init__(function)


class Options:
    def __init__(self, **options):
        vars(self).update(options)

    def fit(self, data):
        if getattr(self, "copy", True) is False or getattr(self, "algorithm", None) == "brute":
            self.data = data
        return address(data)


# Each test has classes of its own: what one learns, the others know.
class Chosen(Options):
    pass


class ManyTexts(Options):
    pass


class Swapped(Holds):
    pass


class OwnClass(Holds):
    pass


class Told(Holds):
    pass


class Named:
    def __init__(self, name, numbers=()):
        self.name, self.numbers, self.last = name, list(numbers), np.array(numbers)

    def fit(self, data):
        self.last = float(data.sum())
        return address(data)


def closure(function):
    def call(data):
        function(data)

    return call


def decorated(function):
    @functools.wraps(function)
    def wrapper(data):
        return function(data)

    return wrapper


def apply(function, data):
    function(data)
    return address(data)


def apply_named(data, function):
    return apply(function, data)


def by_option(data, copy=True):
    if not copy:
        kept.append(data)
    return address(data)


def own_class(model):
    """An object of a class that is made for it."""

    class Own:
        def fit(self, data):
            model.fit(data)

    return OwnClass(Own())


# Each makes something that lends or that keeps, as the other argument does.
def of_models(model):
    return {
        "an attribute": Holds(model),
        "a slot": Slots(model),
        "a list of tuples": Steps(model),
        "dicts": Table(model),
        "the last of many attributes": ManyAttributes(model),
        "objects in a cycle": Node(model),
        "two levels": Holds(Holds(model)),
        "four levels": Holds(Steps(Holds(Table(model)))),
        "a class": Kind(type(model)),
        "its bound method": Calls(model.fit),
        "a partial of its method": Calls(functools.partial(model.fit)),
        "a lambda's default": Calls(lambda data, model=model: model.fit(data)),
        "a lambda's variable": Calls(lambda data: model.fit(data)),
    }


def of_functions(function):
    return {
        "a function": Calls(function),
        "a decorator with a name": Wraps(function),
        "a closure": Calls(closure(function)),
        "a closure in a closure": Calls(decorated(closure(function))),
        "a partial": functools.partial(apply, function),
        "a partial by keyword": functools.partial(apply_named, function=function),
        "a partial of a method": functools.partial(Calls(function).fit),
        "a vectorized function": np.vectorize(lambda data: apply(function, data), signature="(n)->()"),
    }


def pairs():
    """Names, each with what lends, something composed as that one, and what keeps."""
    models = [of_models(model) for model in (Lender(), Lender(), Keeper())]
    functions = [of_functions(function) for function in (lend, lend, keep)]
    options = [
        {
            "a bool": Options(copy=copy),
            "a text": Chosen(algorithm="auto" if copy else "brute"),
            "an option of a partial": functools.partial(by_option, copy=copy),
        }
        for copy in (True, True, False)
    ]
    return [
        (name,) + tuple(made[name] for made in of)
        for of in (models, functions, options)
        for name in of[0]
    ]


holder = Swapped(Lender())


def hold(kind):
    holder.model = globals()[kind]()


class Changing(Holds):
    pass


changing = Changing(Lender())
stop = threading.Event()


def change():
    """Has another thread change what an object holds, again and again."""

    def run():
        while not stop.is_set():
            changing.items = [[number] for number in range(100)]
            changing.table = {number: [number] for number in range(100)}
            changing.items.clear()
            changing.table.clear()
            vars(changing).pop("items")

    threading.Thread(target=run, daemon=True).start()


audited = []


def audit():
    """Notes whose attributes are read, as an audit hook sees it, from here on."""

    def note(event, arguments):
        if event == "object.__getattr__":
            audited.append(arguments[1])

    sys.addaudithook(note)


def what_was_audited():
    return list(audited)


def of_estimators():
    """Objects of scikit-learn around estimators of which some retain what they are fitted to."""
    from sklearn.ensemble import BaggingRegressor, VotingRegressor
    from sklearn.gaussian_process import GaussianProcessRegressor
    from sklearn.kernel_ridge import KernelRidge
    from sklearn.linear_model import LinearRegression, Ridge
    from sklearn.model_selection import GridSearchCV
    from sklearn.multioutput import MultiOutputRegressor
    from sklearn.neighbors import KNeighborsRegressor
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import FunctionTransformer, StandardScaler

    made = []
    for estimator in (
        LinearRegression(),
        Ridge(),
        KNeighborsRegressor(2),
        KNeighborsRegressor(2, algorithm="brute"),
        KernelRidge(),
        GaussianProcessRegressor(),
        GaussianProcessRegressor(copy_X_train=False),
        make_pipeline(FunctionTransformer(), KNeighborsRegressor(2)),
    ):
        made += [
            make_pipeline(FunctionTransformer(), estimator),
            make_pipeline(StandardScaler(copy=False), estimator),
            GridSearchCV(estimator, {}, cv=2),
            BaggingRegressor(estimator, 2),
            VotingRegressor([("first", Ridge()), ("second", estimator)]),
            estimator,
        ]
    return made
