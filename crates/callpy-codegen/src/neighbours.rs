//! Types that a file imports from its neighbours: `from .typing import FloatArray`.
//!
//! A hint is followed through the files of the same package. Of classes that are declared there, there
//! are only instances here; they have the methods, with hints that mean here what they mean there.

use std::cell::RefCell;
use std::collections::{BTreeSet, HashMap};
use std::path::{Path, PathBuf};
use std::rc::Rc;

use callpy_signature::{Class, ClassKind, Dtypes, File, Function, Literal, Type};

/// The files of the same package.
pub(crate) struct Neighbours {
    file: Option<PathBuf>,
    known: HashMap<(PathBuf, String), Option<Found>>,
    /// Each file that was read; none for one that is not Python.
    files: HashMap<PathBuf, Option<Rc<File>>>,
    /// The files that were read: a change in them may change the code.
    pub(crate) read: BTreeSet<PathBuf>,
}

/// What a name leads to in another file.
#[derive(Debug, Clone)]
pub(crate) enum Found {
    Type(Type),
    Class(NeighbourClass),
}

/// A class that another file of the package declares.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct NeighbourClass {
    pub(crate) class: String,
    /// The file's path below the folder that the package is in.
    pub(crate) file: String,
    /// The file, if the class is a neighbour's.
    pub(crate) path: Option<PathBuf>,
    pub(crate) is_protocol: bool,
}

/// A method that a neighbour declares.
#[derive(Debug, Clone)]
pub(crate) struct Inherited {
    pub(crate) function: Function,
    /// The file's path below the folder that the package is in.
    pub(crate) file: String,
}

/// How far a name is followed, since files may import each other in a circle.
const FARTHEST: usize = 6;

/// Separates a file and a class in it, in the name of a class that a neighbour's type contains.
const IN: &str = "::";

impl Neighbours {
    pub(crate) fn new(file: Option<&Path>) -> Self {
        let file = file.map(Path::to_owned);
        let (known, files, read) = (HashMap::new(), HashMap::new(), BTreeSet::new());
        Neighbours { file, known, files, read }
    }

    /// Returns the type of an imported name, if a neighbour defines it.
    pub(crate) fn find(&mut self, name: &str, arguments: &[Type]) -> Option<Found> {
        let file = self.file.clone()?;
        if let Some((path, class)) = name.rsplit_once(IN) {
            if Path::new(path) == file {
                let (name, arguments) = (class.to_owned(), arguments.to_vec());
                return Some(Found::Type(Type::Class { name, arguments }));
            }
            let file = path;
            let (_, class) = self.probe(Path::new(file), class)?;
            return instance(&class?, Path::new(file)).map(Found::Class);
        }
        with_arguments(self.find_from(&file, name, FARTHEST)?, arguments)
    }

    /// Returns the methods that a class of a neighbour has, those of its bases in other files too. Their hints
    /// mean here what they mean there.
    pub(crate) fn methods(&mut self, class: &NeighbourClass) -> Vec<Inherited> {
        let mut found = Vec::new();
        if let Some(path) = &class.path
            && let Some((_, Some(class))) = self.probe(path, &class.class)
        {
            self.collect(path, &class, &mut found, &mut Vec::new());
        }
        found
    }

    /// Returns the methods that a base of a class of this file has, if a neighbour declares it.
    pub(crate) fn base(&mut self, name: &str) -> Vec<Inherited> {
        match self.find(name, &[]) {
            Some(Found::Class(class)) => self.methods(&class),
            _ => Vec::new(),
        }
    }

    /// Returns the constructor that a base of a class of this file has, if a neighbour declares it, and whether
    /// it is made of the base's fields.
    pub(crate) fn constructor(&mut self, name: &str) -> Option<(Inherited, bool)> {
        match self.find(name, &[])? {
            Found::Class(NeighbourClass { class, path: Some(path), .. }) => {
                self.constructor_in(&path, &class, FARTHEST)
            }
            _ => None,
        }
    }

    fn constructor_in(
        &mut self,
        path: &Path,
        class: &str,
        depth: usize,
    ) -> Option<(Inherited, bool)> {
        let depth = depth.checked_sub(1)?;
        let (_, class) = self.probe(path, class)?;
        let class = class?;
        let file = Rc::clone(self.files.get(path)?.as_ref()?);
        let is_of_fields = !matches!(class.kind, ClassKind::Plain)
            && class.method("__init__").is_none()
            && class.method("__new__").is_none();
        match file.module().constructor(&class) {
            // Its own bases may have more fields.
            Some(mut function) if !is_of_fields || class.unknown_bases.is_empty() => {
                self.translate(&mut function, path);
                Some((Inherited { function, file: shown(path)? }, is_of_fields))
            }
            Some(_) => None,
            None if class.has_metaclass => None,
            None => {
                let [base] = &class.unknown_bases[..] else { return None };
                match self.find_from(path, base, FARTHEST)? {
                    Found::Class(NeighbourClass { class, path: Some(path), .. }) => {
                        self.constructor_in(&path, &class, depth)
                    }
                    _ => None,
                }
            }
        }
    }

    fn collect(
        &mut self,
        file: &Path,
        class: &Class,
        found: &mut Vec<Inherited>,
        seen: &mut Vec<(PathBuf, String)>,
    ) {
        let key = (file.to_owned(), class.name.clone());
        if seen.contains(&key) {
            return;
        }
        seen.push(key);
        for method in &class.methods {
            if found.iter().all(|known| known.function.name != method.name) {
                let mut function = method.clone();
                self.translate(&mut function, file);
                found.push(Inherited { function, file: shown(file).unwrap_or_default() });
            }
        }
        for base in class.bases.iter().chain(&class.unknown_bases) {
            if let Some((_, Some(base))) = self.probe(file, base) {
                self.collect(file, &base, found, seen);
            } else if let Some(Found::Class(base)) = self.find_from(file, base, FARTHEST)
                && let Some(path) = base.path
                && let Some((_, Some(base))) = self.probe(&path, &base.class)
            {
                self.collect(&path, &base, found, seen);
            }
        }
    }

    /// Replaces the hints of a function of another file by such as mean the same here.
    fn translate(&mut self, function: &mut Function, file: &Path) {
        let hints = function.parameters.iter_mut().filter_map(|it| it.hint.as_mut());
        for hint in hints.chain(function.returns.as_mut()) {
            self.resolve_part(&mut hint.ty, file, FARTHEST);
        }
    }

    fn find_from(&mut self, from: &Path, name: &str, depth: usize) -> Option<Found> {
        let depth = depth.checked_sub(1)?;
        // The longest module first: `typing.npt.NDArray` is the `npt.NDArray` of `typing`, which imports `npt`.
        let key = name.rmatch_indices('.').find_map(|(dot, _)| {
            let (module, item) = (&name[..dot], &name[dot + 1..]);
            let file = find_file(from, if module.is_empty() { "." } else { module })?;
            Some((file, item.to_owned()))
        })?;
        if let Some(known) = self.known.get(&key) {
            return known.clone();
        }
        // Names may lead back to themselves.
        self.known.insert(key.clone(), None);
        let found = self.probe(&key.0, &key.1).and_then(|(ty, class)| match class {
            Some(class) => instance(&class, &key.0).map(Found::Class),
            None => self.resolve(ty, &key.0, depth),
        });
        self.known.insert(key, found.clone());
        found
    }

    /// Reads the name as if it were a hint in that file; returns its class as well, if it is one.
    fn probe(&mut self, file: &Path, item: &str) -> Option<(Type, Option<Class>)> {
        if !self.files.contains_key(file) {
            self.files.insert(file.to_owned(), read(file));
            self.read.insert(file.to_owned());
        }
        let read = self.files.get(file)?.as_ref()?;
        let ty = read.hint(item);
        let class = match &ty {
            Type::Class { name, .. } => read.module().class(name).cloned(),
            _ => None,
        };
        Some((ty, class))
    }

    /// Replaces names that the neighbour imports itself; none if nothing is known about the type.
    fn resolve(&mut self, mut ty: Type, from: &Path, depth: usize) -> Option<Found> {
        match &mut ty {
            Type::Unknown { name, arguments } => {
                let found = self.find_from(from, name, depth)?;
                return with_arguments(found, arguments);
            }
            // A struct for it would be another type than that of its own file's module.
            Type::Class { .. } | Type::Invalid { .. } => return None,
            Type::Sequence { item, .. }
            | Type::Set { item, .. }
            | Type::VariadicTuple(item)
            | Type::Optional(item) => self.resolve_part(item, from, depth),
            Type::Mapping { key, value, .. } => {
                self.resolve_part(key, from, depth);
                self.resolve_part(value, from, depth);
            }
            Type::Tuple(items) | Type::Union(items) => {
                items.iter_mut().for_each(|item| self.resolve_part(item, from, depth));
            }
            Type::TypeVariable { bound, constraints, .. } => {
                let parts = bound.as_deref_mut().into_iter().chain(constraints);
                parts.for_each(|part| self.resolve_part(part, from, depth));
            }
            _ => {}
        }
        Some(Found::Type(ty))
    }

    fn resolve_part(&mut self, ty: &mut Type, from: &Path, depth: usize) {
        // This file may have another class of the same name.
        if let Type::Class { name, .. } = ty {
            let name = format!("{}{IN}{name}", from.display());
            *ty = Type::Unknown { name, arguments: Vec::new() };
            return;
        }
        // So may it have another enum.
        if let Type::Literal(literals) = ty
            && let Some(Literal::Member { class, .. }) = literals.first()
        {
            let name = format!("{}{IN}{class}", from.display());
            *ty = Type::Unknown { name, arguments: Vec::new() };
            return;
        }
        match self.resolve(ty.clone(), from, depth) {
            Some(Found::Type(resolved)) => *ty = resolved,
            Some(Found::Class(NeighbourClass { class, path: Some(path), .. })) => {
                let name = format!("{}{IN}{class}", path.display());
                *ty = Type::Unknown { name, arguments: Vec::new() };
            }
            // `Iterator[Config]`: what is in the brackets is the neighbour's, whatever the name before them is.
            _ => {
                if let Type::Unknown { arguments, .. } = ty {
                    arguments.iter_mut().for_each(|part| self.resolve_part(part, from, depth));
                }
            }
        }
    }
}

/// Reads a file, or returns it as it was read for another file of the package; none if it is not Python.
fn read(path: &Path) -> Option<Rc<File>> {
    /// Enough for the neighbours of any file; each is some hundred kilobytes.
    const MOST: usize = 500;
    type Read = (Vec<u8>, Option<Rc<File>>);
    thread_local! {
        static FILES: RefCell<HashMap<PathBuf, Read>> = RefCell::default();
    }
    let bytes = std::fs::read(path).ok()?;
    FILES.with_borrow_mut(|files| {
        if files.len() >= MOST {
            files.clear();
        }
        // An editor keeps this running while its user changes the file.
        if files.get(path).is_none_or(|(known, _)| *known != bytes) {
            let file = callpy_signature::decode(&bytes).ok().and_then(|it| File::read(&it).ok());
            files.insert(path.to_owned(), (bytes, file.map(Rc::new)));
        }
        files[path].1.clone()
    })
}

/// What is told of a class of a neighbour; none if its instances are not told by its name.
fn instance(class: &Class, path: &Path) -> Option<NeighbourClass> {
    let file = shown(path)?;
    (class.kind != ClassKind::TypedDict).then(|| NeighbourClass {
        class: class.name.clone(),
        file,
        path: Some(path.to_owned()),
        is_protocol: class.is_protocol,
    })
}

/// A file's path below the folder that its package is in.
fn shown(path: &Path) -> Option<String> {
    let folder = path.parent()?;
    let is_package = |above: &&Path| above.join("__init__.py").is_file();
    let outermost = folder.ancestors().take_while(is_package).last();
    let base = outermost.map_or(Some(folder), Path::parent)?;
    Some(path.strip_prefix(base).unwrap_or(path).to_string_lossy().replace('\\', "/"))
}

/// Adds arguments to a generic type that a neighbour re-exports, such as `Sequence`.
fn with_arguments(found: Found, arguments: &[Type]) -> Option<Found> {
    let bare = |item: &Type| *item == Type::Any;
    let ty = match found {
        Found::Type(ty) => ty,
        class => return Some(class),
    };
    Some(Found::Type(match (ty, arguments) {
        (ty, []) => ty,
        (Type::Array(mut array), [Type::Scalar(dtypes)]) if array.dtypes == Dtypes::Any => {
            array.dtypes = dtypes.clone();
            Type::Array(array)
        }
        (Type::VariadicTuple(item), items) if bare(&item) => Type::Tuple(items.to_vec()),
        (Type::Sequence { kind, item }, [one]) if bare(&item) => {
            Type::Sequence { kind, item: Box::new(one.clone()) }
        }
        (Type::Set { kind, item }, [one]) if bare(&item) => {
            Type::Set { kind, item: Box::new(one.clone()) }
        }
        (Type::Mapping { kind, key, value }, [k, v]) if bare(&key) && bare(&value) => {
            Type::Mapping { kind, key: Box::new(k.clone()), value: Box::new(v.clone()) }
        }
        _ => return None,
    }))
}

/// Returns the file of a module as `from` imports it, if it is of the same package or folder.
fn find_file(from: &Path, module: &str) -> Option<PathBuf> {
    let folder = from.parent()?;
    let name = module.trim_start_matches('.');
    let dots = module.len() - name.len();
    let base = match dots {
        0 => {
            // The folder of the outermost package that the file is in.
            let outermost =
                folder.ancestors().take_while(|above| above.join("__init__.py").is_file()).last();
            outermost.map_or(Some(folder), Path::parent)?
        }
        dots => folder.ancestors().nth(dots - 1)?,
    };
    let path = base.join(name.replace('.', "/"));
    let package = path.join("__init__.py");
    let stub = path.with_extension("pyi");
    if name.is_empty() {
        return Some(base.join("__init__.py")).filter(|path| path.is_file());
    }
    [path.with_extension("py"), package, stub].into_iter().find(|path| path.is_file())
}
