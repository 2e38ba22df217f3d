//! Writes the type that has all functions of the file as methods, which workers call.

use super::types::Go;
use super::{Writer, comment};

/// What the functions of the file are on workers.
pub(super) struct On {
    /// The type's name.
    pub(super) ty: String,
    /// The function that finds them.
    function: String,
    /// The variables of the functions, in their order.
    pub(super) variables: Vec<String>,
}

impl On {
    /// Chooses the names, once functions and classes have theirs.
    pub(super) fn new(go: &mut Go) -> On {
        let (ty, function) = (go.take_or("Functions", "Type"), go.take_or("On", "Workers"));
        On { ty, function, variables: Vec::new() }
    }

    /// Returns the name of a method's receiver, which no parameter has.
    pub(super) fn receiver(&self, used: impl Fn(&str) -> bool) -> String {
        let mut name = "f".to_owned();
        while used(&name) {
            name.push('f');
        }
        name
    }
}

impl Writer<'_> {
    /// Writes the type, after its methods.
    pub(super) fn on_workers(&mut self) -> String {
        let Some(On { ty, function, variables }) = &self.on else { return String::new() };
        // The file's functions have their names in any case.
        let [within, retries] = ["Within", "Retries"].map(|name| self.go.method(ty, name));
        let all = variables.iter().fold(String::new(), |all, name| format!("{all}\t\t&{name},\n"));
        let docs = [
            format!("{ty} are the functions of this package, called on workers: see [{function}]."),
            format!(
                "{function} returns the functions of this package, called on workers, which import it now."
            ),
            format!(
                "{within} returns the same functions with a time limit for each call. After it, the call is an error of kind\n[callpy.Deadline]."
            ),
            format!(
                "{retries} returns the same functions, whose calls are repeated up to this many times if their worker crashes."
            ),
        ];
        let [type_docs, on, within_docs, retries_docs] = docs.map(|docs| comment(&docs, ""));
        format!(
            "\n{type_docs}type {ty} struct{{ functions *callpy.Functions }}\n\n{on}func {function}(workers \
             *callpy.Workers) (*{ty}, error) {{\n\tfunctions, err := callpy.FunctionsOn(workers,\n{all}\t)\n\tif err != \
             nil {{\n\t\treturn nil, err\n\t}}\n\treturn &{ty}{{functions}}, nil\n}}\n\n{within_docs}func (f *{ty}) \
             {within}(limit time.Duration) *{ty} {{\n\treturn &{ty}{{f.functions.Within(limit)}}\n}}\n\n\
             {retries_docs}func (f *{ty}) {retries}(most uint) *{ty} {{\n\treturn &{ty}{{f.functions.Retries(most)}}\n}}\n"
        )
    }
}
