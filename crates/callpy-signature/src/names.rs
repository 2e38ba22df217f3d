//! The meaning of names in a file: imports, classes, aliases, built-ins.

use std::collections::HashMap;
use std::rc::Rc;

use crate::syntax::{Condition, Expr, Identifier, Statement, TypeParameter};

/// Returns whether a name is a keyword of Python's, in any of its versions: `keyword.kwlist` has them.
///
/// ```
/// use callpy_signature::is_keyword;
///
/// assert!(is_keyword("lambda"));
/// // It is one in some places only.
/// assert!(!is_keyword("match"));
/// ```
pub fn is_keyword(name: &str) -> bool {
    const KEYWORDS: [&str; 35] = [
        "False", "None", "True", "and", "as", "assert", "async", "await", "break", "class",
        "continue", "def", "del", "elif", "else", "except", "finally", "for", "from", "global",
        "if", "import", "in", "is", "lambda", "nonlocal", "not", "or", "pass", "raise", "return",
        "try", "while", "with", "yield",
    ];
    KEYWORDS.contains(&name)
}

/// The top-level names of a file.
#[derive(Debug, Default)]
pub(crate) struct Names {
    bindings: HashMap<String, Binding>,
    /// The modules that are imported with `*`.
    stars: Vec<String>,
}

#[derive(Debug, Clone)]
enum Binding {
    Import(String),
    Class,
    Alias(Rc<Alias>),
    /// A function or a value without a name for its type.
    Value,
}

/// An assignment that may name a type; it is read only when a hint uses it.
#[derive(Debug)]
pub(crate) struct Alias {
    pub(crate) name: Identifier,
    /// Of `type X[T] = …`.
    pub(crate) parameters: Vec<TypeParameter>,
    pub(crate) value: Expr,
    /// Declared as an alias: `type X = …` or `X: TypeAlias = …`.
    pub(crate) is_explicit: bool,
}

/// The meaning of a dotted name.
#[derive(Debug, Clone)]
pub(crate) enum Resolved {
    /// Something outside the file, with its canonical dotted name.
    Global(String),
    /// A class of the file.
    Class(String),
    /// An attribute of a class of the file, such as an enum's member.
    Member { class: String, attribute: String },
    /// A name that the file defines.
    Alias(Rc<Alias>),
    /// A function, or a value, of the file.
    Value,
}

impl Names {
    pub(crate) fn of(statements: &[Statement]) -> Self {
        let mut names = Names::default();
        names.add(statements, false);
        names
    }

    /// Binds the names that the statements bind. Later branches of an `if` or a `try` do not rebind
    /// names of the first: `except ImportError: np = None` says nothing about types.
    fn add(&mut self, statements: &[Statement], is_alternative: bool) {
        for statement in statements {
            match statement {
                Statement::Import(names) => {
                    for (local, path) in names {
                        self.bind(local, Binding::Import(canonical(path)), is_alternative);
                    }
                }
                // What it binds is known only when it runs.
                Statement::StarImport(module) => self.stars.push(canonical(module)),
                Statement::Class(class) => {
                    self.bind(&class.name.text, Binding::Class, is_alternative);
                }
                Statement::Function(function) => {
                    self.bind(&function.name.text, Binding::Value, is_alternative);
                }
                Statement::TypeAlias(alias) => {
                    let binding = Binding::Alias(Rc::new(Alias {
                        name: alias.name.clone(),
                        parameters: alias.parameters.clone(),
                        value: alias.value.clone(),
                        is_explicit: true,
                    }));
                    self.bind(&alias.name.text, binding, is_alternative);
                }
                Statement::Assign { targets, annotation, value: Some(value), .. } => {
                    // `x: int = 1` is a value. `X: TypeAlias = …` and a bare `X = …` may name a type.
                    let says_alias = annotation.as_ref().and_then(Expr::name).is_some_and(|it| {
                        it.rsplit('.').next().is_some_and(|last| last.ends_with("TypeAlias"))
                    });
                    for target in targets {
                        let binding = if annotation.is_some() && !says_alias {
                            Binding::Value
                        } else {
                            Binding::Alias(Rc::new(Alias {
                                name: target.clone(),
                                parameters: Vec::new(),
                                value: value.clone(),
                                is_explicit: says_alias,
                            }))
                        };
                        self.bind(&target.text, binding, is_alternative);
                    }
                }
                // Names that only a script has are not visible to importers.
                Statement::Branches { condition: Condition::Main, .. } => {}
                Statement::Branches { branches, .. } => {
                    for (number, branch) in branches.iter().enumerate() {
                        // What is imported for hints only (`TYPE_CHECKING`) counts like any other import.
                        self.add(branch, is_alternative || number > 0);
                    }
                }
                _ => {}
            }
        }
    }

    fn bind(&mut self, name: &str, binding: Binding, is_alternative: bool) {
        if is_alternative && self.bindings.contains_key(name) {
            return;
        }
        self.bindings.insert(name.to_owned(), binding);
    }

    /// Marks a name as a class that a call creates: `P = namedtuple("P", "x y")`.
    pub(crate) fn make_class(&mut self, name: &str) {
        self.bindings.insert(name.to_owned(), Binding::Class);
    }

    /// The aliases that are in effect.
    pub(crate) fn aliases(&self) -> impl Iterator<Item = &Rc<Alias>> {
        self.bindings.values().filter_map(|binding| match binding {
            Binding::Alias(alias) => Some(alias),
            _ => None,
        })
    }

    /// Follows a dotted name.
    pub(crate) fn resolve(&self, dotted: &str) -> Resolved {
        let mut dotted = dotted.to_owned();
        // Through names such as `nd = np`; a circle of such names must end.
        for _ in 0..16 {
            let (first, rest) = dotted.split_once('.').unwrap_or((&dotted, ""));
            let join = |path: &str| match rest {
                "" => path.to_owned(),
                rest => format!("{path}.{rest}"),
            };
            match self.bindings.get(first) {
                Some(Binding::Import(path)) => return Resolved::Global(canonical(&join(path))),
                Some(Binding::Class) if rest.is_empty() => return Resolved::Class(dotted),
                Some(Binding::Class) => {
                    let (class, attribute) = (first.to_owned(), rest.to_owned());
                    return Resolved::Member { class, attribute };
                }
                Some(Binding::Alias(alias)) => match alias.value.name() {
                    // `nd = np` renames: `nd.ndarray` goes on as `np.ndarray`.
                    Some(name) if alias.parameters.is_empty() => dotted = join(name),
                    _ if rest.is_empty() => return Resolved::Alias(Rc::clone(alias)),
                    _ => return Resolved::Global(dotted),
                },
                Some(Binding::Value) => return Resolved::Value,
                // A module's own names are looked up before built-ins, so those come last.
                None => return self.unbound(&dotted),
            }
        }
        Resolved::Value
    }

    /// A name that the file does not bind: a built-in, or from `from module import *`.
    fn unbound(&self, dotted: &str) -> Resolved {
        // Before `*`: a module that exports a class under a built-in name would be a surprise.
        if BUILTINS.contains(&dotted) {
            return Resolved::Global(format!("builtins.{dotted}"));
        }
        match &self.stars[..] {
            [] => Resolved::Global(dotted.to_owned()),
            stars => {
                // What a module exports is not known here. In hints, `typing` is the likely one; of the
                // others, the last import hides the earlier ones.
                let typing = stars.iter().find(|module| *module == "typing");
                let module = typing.unwrap_or(&stars[stars.len() - 1]);
                Resolved::Global(canonical(&format!("{module}.{dotted}")))
            }
        }
    }

    /// The canonical name of something outside the file, if a name means that.
    pub(crate) fn global(&self, dotted: &str) -> Option<String> {
        match self.resolve(dotted) {
            Resolved::Global(name) => Some(name),
            _ => None,
        }
    }
}

/// Returns the one canonical name of something that several modules export.
fn canonical(path: &str) -> String {
    let Some((module, name)) = path.rsplit_once('.') else {
        return path.to_owned();
    };
    // The rest of the crate then compares each type with a single name.
    match module {
        "typing" | "typing_extensions" | "typing_extensions.typing" => match name {
            "List" | "Dict" | "Set" | "FrozenSet" | "Tuple" | "Type" => {
                format!("builtins.{}", name.to_lowercase())
            }
            "Text" => "builtins.str".to_owned(),
            "AbstractSet" => "collections.abc.Set".to_owned(),
            "DefaultDict" => "collections.defaultdict".to_owned(),
            "OrderedDict" | "Counter" | "ChainMap" => format!("collections.{name}"),
            "Deque" => "collections.deque".to_owned(),
            "Pattern" | "Match" => format!("re.{name}"),
            "ContextManager" => "contextlib.AbstractContextManager".to_owned(),
            "AsyncContextManager" => "contextlib.AbstractAsyncContextManager".to_owned(),
            _ if ABSTRACT.contains(&name) => format!("collections.abc.{name}"),
            _ => format!("typing.{name}"),
        },
        // Private modules of NumPy, whose names appear in stubs.
        "numpy._typing" | "numpy._typing._array_like" => format!("numpy.typing.{name}"),
        "numpy.core" | "numpy._core" => format!("numpy.{name}"),
        _ => path.to_owned(),
    }
}

/// The names that `typing` re-exports from `collections.abc`.
const ABSTRACT: [&str; 24] = [
    "Awaitable",
    "Coroutine",
    "AsyncIterable",
    "AsyncIterator",
    "AsyncGenerator",
    "Hashable",
    "Iterable",
    "Iterator",
    "Generator",
    "Reversible",
    "Container",
    "Collection",
    "Callable",
    "MutableSet",
    "Mapping",
    "MutableMapping",
    "Sequence",
    "MutableSequence",
    "ByteString",
    "MappingView",
    "KeysView",
    "ItemsView",
    "ValuesView",
    "Sized",
];

/// The built-in classes that occur in hints.
const BUILTINS: [&str; 22] = [
    "int",
    "float",
    "complex",
    "bool",
    "str",
    "bytes",
    "bytearray",
    "memoryview",
    "object",
    "list",
    "tuple",
    "dict",
    "set",
    "frozenset",
    "type",
    "range",
    "slice",
    "Exception",
    "BaseException",
    "property",
    "classmethod",
    "staticmethod",
];
