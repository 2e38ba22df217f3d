//! Writes the Go types for a file's classes.

use std::fmt::Write;

use callpy_signature::{Class, Expression, Field, Literal};

use super::function::zero;
use super::types::{lower_camel, upper_camel};
use super::{Writer, article, comment, constants, head, quoted};
use crate::lower::Lowered;
use crate::python::{declaration, one_line};

impl Writer<'_> {
    pub(super) fn structure(&mut self, code: &mut String, class: &Class) {
        let name = self.go.class(&class.name);
        let line = class.name_span.start.line;
        let docs = format!(
            "{} {name} is the class {}, line {line} of {}.",
            article(&name),
            class.name,
            self.input.file
        );
        let fields = self.lowering.fields(&class.name);
        let mut names: Vec<String> = Vec::new();
        for (field, _) in &fields {
            let mut go = upper_camel(&field.name);
            while names.contains(&go) || self.go.has_method(&name, &go) {
                go.push_str("Field");
            }
            names.push(go);
        }
        let mut types = Vec::new();
        for (_, lowered) in &fields {
            types.push(self.go.of(&mut self.lowering, lowered));
        }
        // Before the type, whose comment names it.
        let made = self.constructor(class, &fields, &names, &types);
        code.push_str(&head(&docs, class.docstring.as_deref()));
        if let Some((constructor, _)) = &made {
            let docs =
                format!("{constructor} fills in Python's defaults, which a literal has not.");
            code.push_str(&format!("//\n{}", comment(&docs, "")));
        }
        if fields.is_empty() {
            let _ = writeln!(code, "type {name} struct{{}}");
            return;
        }
        let _ = writeln!(code, "type {name} struct {{");
        for (((field, _), go), ty) in fields.iter().zip(&names).zip(&types) {
            let words = declaration(&field.name, field.hint.as_ref(), field.default.as_ref());
            let docs = one_line(&format!("{go} is {words}"));
            code.push_str(&comment(&format!("{docs}."), "\t"));
            if let Some(docstring) = &field.docstring {
                code.push_str(&comment(&one_line(docstring), "\t"));
            }
            let _ = writeln!(code, "\t{go} {ty}");
        }
        code.push_str("}\n");
        if let Some((_, text)) = made {
            code.push_str(&text);
        }
    }

    /// Writes the function that makes a value with Python's defaults, if there are any: its name, and its
    /// text. It takes the fields that have no default, or one that Go can't write.
    fn constructor(
        &mut self,
        class: &Class,
        fields: &[(&Field, Lowered)],
        names: &[String],
        types: &[String],
    ) -> Option<(String, String)> {
        let name = self.go.class(&class.name);
        let (mut parameters, mut values, mut before) = (Vec::new(), Vec::new(), String::new());
        let mut used: Vec<String> = ["callpy", "nil"].map(str::to_owned).into();
        let mut defaults = 0;
        for (((field, lowered), go), ty) in fields.iter().zip(names).zip(types) {
            let mut parameter = lower_camel(&field.name);
            while used.contains(&parameter) {
                parameter.push_str("Arg");
            }
            used.push(parameter.clone());
            let value = match &field.default {
                // A key that need not be there is nil.
                _ if !field.required => Some("nil".to_owned()),
                Some(default) => self.default_value(lowered, default),
                None => None,
            };
            match (value, lowered) {
                (Some(value), Lowered::Optional(_)) if value != "nil" && ty.starts_with('*') => {
                    let _ = writeln!(before, "\t{parameter} := {}({value})", &ty[1..]);
                    values.push(format!("{go}: &{parameter}"));
                    defaults += 1;
                }
                (Some(value), _) => {
                    // Go's own zero needs no line.
                    if value != "nil" && value != zero(ty) {
                        values.push(format!("{go}: {value}"));
                    }
                    defaults += 1;
                }
                (None, _) => {
                    parameters.push(format!("{parameter} {ty}"));
                    values.push(format!("{go}: {parameter}"));
                }
            }
        }
        if defaults == 0 {
            return None;
        }
        let constructor = self.go.take_or(&format!("New{name}"), "Value");
        let docs = format!(
            "{constructor} makes {} {name} with the defaults of Python for what it does not take.",
            article(&name).to_lowercase()
        );
        let text = format!(
            "\n{}func {constructor}({}) {name} {{\n{before}\treturn {name}{{{}}}\n}}\n",
            comment(&docs, ""),
            parameters.join(", "),
            values.join(", ")
        );
        Some((constructor, text))
    }

    /// Writes a default as Go has it, if Go can.
    fn default_value(&mut self, lowered: &Lowered, default: &Expression) -> Option<String> {
        if let Lowered::Optional(inner) = lowered {
            return match &default.literal {
                Some(Literal::None) => Some("nil".to_owned()),
                _ => self.default_value(inner, default),
            };
        }
        Some(match (lowered, default.literal.as_ref()) {
            (Lowered::Bool, Some(Literal::Bool(value))) => value.to_string(),
            (Lowered::Int, Some(Literal::Int(value))) => i64::try_from(*value).ok()?.to_string(),
            (Lowered::Float, Some(Literal::Int(value))) => value.to_string(),
            (Lowered::Float, Some(Literal::Float(value))) if value.is_finite() => {
                format!("{value:?}")
            }
            (Lowered::Str | Lowered::Path, Some(Literal::Str(text))) => quoted(text),
            (Lowered::Text(number), Some(Literal::Str(text))) => {
                let texts = &self.lowering.texts[*number];
                texts.texts.iter().find(|(_, other)| other == text)?;
                quoted(text)
            }
            (Lowered::Enum(name), _) => {
                let class = self.module.class(name)?;
                let (of, member) = default.source.split_once('.')?;
                let member =
                    class.members.iter().find(|known| known.name == member && of == name)?;
                quoted(member.alias_of.as_ref().unwrap_or(&member.name))
            }
            // A nil slice is an empty list, and a nil map an empty dict.
            (
                Lowered::List { .. }
                | Lowered::VariadicTuple(_)
                | Lowered::Dict(..)
                | Lowered::Set { .. },
                _,
            ) if matches!(
                &default.source[..],
                "list" | "dict" | "set" | "frozenset" | "tuple" | "()" | "[]" | "{}"
            ) =>
            {
                "nil".to_owned()
            }
            (Lowered::Object { .. } | Lowered::Union(_), Some(literal)) => match literal {
                Literal::None => "nil".to_owned(),
                Literal::Bool(value) => value.to_string(),
                Literal::Int(value) => i64::try_from(*value).ok()?.to_string(),
                Literal::Float(value) if value.is_finite() => format!("{value:?}"),
                Literal::Str(text) => quoted(text),
                _ => return None,
            },
            _ => return None,
        })
    }

    pub(super) fn enumeration(&mut self, code: &mut String, class: &Class) {
        let name = self.go.class(&class.name);
        let line = class.name_span.start.line;
        let docs = format!(
            "{} {name} is a member of {}, line {line} of {}, by its name.",
            article(&name),
            class.name,
            self.input.file
        );
        code.push_str(&head(&docs, class.docstring.as_deref()));
        let _ = writeln!(code, "type {name} string");
        let members = class.members.iter().filter(|member| member.alias_of.is_none());
        let members = members.map(|member| {
            let docs = member.docstring.clone().unwrap_or_else(|| member.name.clone());
            (member.name.clone(), member.name.clone(), docs)
        });
        constants(&mut self.go, code, &name, &name, members.collect());
    }

    pub(super) fn instance(&mut self, code: &mut String, class: &Class) {
        let name = self.go.class(&class.name);
        let line = class.name_span.start.line;
        let docs = format!(
            "{} {name} is an instance of the class {}, line {line} of {}: a Python object.",
            article(&name),
            class.name,
            self.input.file
        );
        code.push_str(&head(&docs, class.docstring.as_deref()));
        let base = super::types::bases(&self.lowering, &class.name).into_iter().next();
        let held = base.map_or("*callpy.Object".to_owned(), |base| self.go.class(&base));
        // gofmt has one line for up to 30 bytes.
        let _ = match held.len() {
            ..=30 => writeln!(code, "type {name} struct{{ {held} }}"),
            _ => writeln!(code, "type {name} struct {{\n\t{held}\n}}"),
        };
    }
}
