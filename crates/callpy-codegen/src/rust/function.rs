//! Writes the Rust functions for one Python function or method: with the required arguments, and with all.

use std::collections::HashSet;

use callpy_signature::{Function, Literal, Parameter, ParameterKind, Usage};
use proc_macro2::{Ident, TokenStream};
use quote::quote;

use super::doc;
use super::types::{Held, Writer};
use crate::lower::{Lowered, Lowering};
use crate::names::{camel, parameters as parameter_names, plain, unique, unused};
use crate::python::{declaration, parameters as parameters_of, signature};

/// A function to write, and how it is called.
pub(crate) struct Callable<'f> {
    pub(crate) function: &'f Function,
    /// The parameters of a call: without `self`, and with the keys of `**options: Unpack[…]`.
    pub(crate) parameters: Vec<Parameter>,
    pub(crate) kind: Kind<'f>,
    /// The type whose method it is, in Rust.
    pub(crate) owner: Option<String>,
    /// The name in Rust.
    pub(crate) name: Ident,
    pub(crate) file: &'f str,
    /// Whether its signature is compared with that of the function that runs.
    pub(crate) check: bool,
    pub(crate) usage: Option<Usage>,
}

/// How Python finds what is called.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind<'f> {
    /// In the module, in this place among its functions.
    Free(usize),
    /// The class itself.
    Constructor(&'f str),
    /// In the class.
    Static(&'f str),
    /// In the instance, which may be of a subclass.
    Method(&'f str),
    /// In the class, with an instance that is made for the call.
    OfValue(&'f str),
}

/// The Rust code for a function: the items in the `impl` of its class, or in the module, and the type of
/// its options.
pub(crate) struct Code {
    pub(crate) functions: TokenStream,
    /// Of a function in the module: the items in the `impl` of all its functions.
    pub(crate) methods: TokenStream,
    pub(crate) options: TokenStream,
}

/// A parameter, its Rust type and its name.
struct Argument<'f> {
    parameter: &'f Parameter,
    lowered: Lowered,
    name: Ident,
}

impl Callable<'_> {
    /// The path of what is called, in messages too.
    pub(crate) fn path(&self) -> String {
        let name = &self.function.name;
        match self.kind {
            Kind::Free(_) => name.clone(),
            Kind::Constructor(class) => class.to_owned(),
            Kind::Static(class) | Kind::Method(class) | Kind::OfValue(class) => {
                format!("{class}.{name}")
            }
        }
    }

    /// Writes the functions, whose names are added to `used`.
    pub(crate) fn write(
        &self,
        lowering: &mut Lowering<'_>,
        callpy: &TokenStream,
        used: &mut HashSet<String>,
    ) -> Code {
        let path = self.path();
        // Only required parameters are in Rust's signature, so it does not change when Python gains a
        // parameter with a default, wherever that is.
        let (required, optional): (Vec<&Parameter>, Vec<&Parameter>) =
            self.parameters.iter().partition(|parameter| is_required(parameter));
        fn keys<'p>(parameters: &[&'p Parameter]) -> impl Iterator<Item = &'p str> {
            parameters.iter().map(|parameter| &parameter.name[..])
        }
        let names = parameter_names(keys(&required), &[]);
        let setters = unique(keys(&optional), &mut HashSet::from(["new".to_owned()]));
        let mut argument = |(parameter, name)| {
            let lowered = lowering.parameter(&path, parameter);
            Argument { parameter, lowered, name }
        };
        let required: Vec<_> = required.into_iter().zip(names).map(&mut argument).collect();
        let optional: Vec<_> = optional.into_iter().zip(setters).map(&mut argument).collect();
        let returns = match self.kind {
            Kind::Constructor(class) => Lowered::Instance(class.to_owned()),
            _ => lowering.returned(&path, self.function),
        };
        let names = Names::new(lowering, self, &required, !optional.is_empty(), used);
        let options = match optional.is_empty() {
            true => TokenStream::new(),
            false => self.options(lowering, callpy, &optional, &names),
        };
        let (functions, methods) =
            self.functions(lowering, callpy, &required, &optional, &returns, &names);
        Code { functions, methods, options }
    }

    fn is_method(&self) -> bool {
        matches!(self.kind, Kind::Method(_) | Kind::OfValue(_))
    }

    /// Writes what Python's function is called through.
    pub(crate) fn declaration(&self, callpy: &TokenStream) -> TokenStream {
        let (path, check, usage) = (self.path(), self.check, usage(self.usage));
        let signature = match self.kind {
            Kind::Free(_) | Kind::Method(_) | Kind::OfValue(_) => &self.function.parameters[..],
            Kind::Constructor(_) => &self.parameters,
            // A class method is bound to its class.
            Kind::Static(_) => {
                let skipped = self.function.parameters.len().saturating_sub(self.parameters.len());
                &self.function.parameters[skipped.min(1)..]
            }
        };
        let signature = parameters_of(signature);
        let kind = match self.kind {
            Kind::Method(_) => quote!(Method),
            _ => quote!(Function),
        };
        quote!(#callpy::generated::#kind::new(&__MODULE, #path, #signature, #check)#usage)
    }

    /// Writes the static of a method, so that Python looks it up only once.
    fn own_static(&self, callpy: &TokenStream) -> TokenStream {
        let declaration = self.declaration(callpy);
        let kind = match self.kind {
            Kind::Free(_) => return TokenStream::new(),
            Kind::Method(_) => quote!(Method),
            _ => quote!(Function),
        };
        quote!(static __FUNCTION: #callpy::generated::#kind = #declaration;)
    }

    fn functions(
        &self,
        lowering: &Lowering<'_>,
        callpy: &TokenStream,
        required: &[Argument<'_>],
        optional: &[Argument<'_>],
        returns: &Lowered,
        names: &Names,
    ) -> (TokenStream, TokenStream) {
        let mut writer = Writer::new(lowering, callpy);
        let result = writer.result(returns);
        let mut parameters = Vec::new();
        let mut arguments = Vec::new();
        let mut by_position = Vec::new();
        let mut by_name = Vec::new();
        if let Kind::OfValue(_) = self.kind {
            by_position.push(quote!(__call.positional(self)?;));
        }
        for Argument { parameter, lowered, name } in required {
            let key = &parameter.name;
            let (ty, into) = writer.argument(lowered, quote!(#name), key, false);
            parameters.push(quote!(#name: #ty));
            arguments.push(name);
            match parameter.kind {
                ParameterKind::KeywordOnly => by_name.push(quote!(__call.named(#key, #into)?;)),
                _ => by_position.push(quote!(__call.positional(#into)?;)),
            }
        }
        let of_kind = |kind: ParameterKind| {
            optional
                .iter()
                .filter(move |lowered| lowered.parameter.kind == kind)
                .map(|lowered| &lowered.parameter.name)
        };
        let has_options = !optional.is_empty();
        let options = &names.options;
        let (options_before, options_after) = match has_options {
            true => {
                // Positional arguments must be in the order of Python's parameters, so the options add
                // theirs between the required positional arguments and the keyword arguments.
                let (only, either) = (
                    of_kind(ParameterKind::PositionalOnly),
                    of_kind(ParameterKind::PositionalOrKeyword),
                );
                (
                    quote!(__options.positional(__call, __dims, &[#(#only),*], &[#(#either),*])?;),
                    quote!(__options.named(__call, __dims)?;),
                )
            }
            false => (quote!(), quote!()),
        };
        let take_options = has_options.then(|| quote!(let mut __options = #options.__options;));
        let check_result = writer.check_result(returns, quote!(__result));
        let place = quote! {
            #(#by_position)*
            #options_before
            #(#by_name)*
            #options_after
            ::core::result::Result::Ok(())
        };
        // Named axes are compared across arguments and the result, so one `Dims` serves the whole call.
        let needs_dims = has_options || check_result.is_some() || writer.checks;
        let dims = needs_dims.then(|| quote!(let __dims = &#callpy::generated::Dims::new();));
        let call = match self.kind {
            Kind::Free(at) => quote!(self.__functions.call(#at, |__call| { #place })),
            Kind::Method(_) => quote!(__FUNCTION.call(self, |__call| { #place })),
            _ => quote!(__FUNCTION.call(|__call| { #place })),
        };
        // A result that is hinted as iterable may be a generator, which is read to its end within the call.
        let iterated = matches!(returns, Lowered::List { iterable: true, .. });
        let call = match iterated {
            true => quote! {
                let __result: #callpy::Object = #call?;
                #callpy::generated::iterated(__result)
            },
            false => match check_result {
                Some(check) => quote! {
                    let __result: #result = #call?;
                    #check
                    ::core::result::Result::Ok(__result)
                },
                None => call,
            },
        };
        let own_static = self.own_static(callpy);
        let body = quote! {
            #own_static
            #take_options
            #dims
            #call
        };
        let generics = writer.generics();
        let lifetime = |used: bool| used.then(|| quote!('a,));
        let of_value = matches!(self.kind, Kind::OfValue(_));
        let receiver = match self.kind {
            Kind::Free(_) | Kind::Method(_) => quote!(&self,),
            Kind::OfValue(_) => quote!(&'a self,),
            _ => quote!(),
        };
        let is_free = matches!(self.kind, Kind::Free(_));
        let Names { function: name, with, options_type, .. } = names;
        let docs = self.docs();
        let lends = lifetime(writer.lends || of_value);
        // An iterator can't be copied to another process, so that workers are not asked for one.
        let on_workers = match returns {
            Lowered::Items(_) => quote!(),
            _ => quote!(pub),
        };
        let public = &quote!(pub);
        // What a function in the module is elsewhere, and here.
        let calls = doc::attributes(&format!("Calls [`{name}`]({}).", plain(name)));
        if !has_options {
            let written = |public: &TokenStream,
                           docs: &TokenStream,
                           receiver: &TokenStream,
                           body: TokenStream| {
                quote! {
                    #docs
                    #[track_caller]
                    #public fn #name<#lends #(#generics),*>(#receiver #(#parameters),*) -> #callpy::Result<#result> {
                        #body
                    }
                }
            };
            return match is_free {
                false => (written(public, &docs, &receiver, body), TokenStream::new()),
                true => (
                    written(public, &docs, &quote!(), quote!(__HERE.#name(#(#arguments),*))),
                    written(&on_workers, &calls, &receiver, body),
                ),
            };
        }
        let with_link = match self.kind {
            Kind::Free(_) => plain(with),
            _ => format!("Self::{}", plain(with)),
        };
        let itself = (is_free || self.is_method()).then(|| quote!(self,));
        let more = doc::attributes(&format!(
            "What has a default in Python is left to it; [`{with}`]({with_link}) takes it too.",
        ));
        let name_link = match self.kind {
            Kind::Free(_) => plain(name),
            _ => format!("Self::{}", plain(name)),
        };
        let with_doc = doc::attributes(&format!(
            "Calls [`{name}`]({name_link}) with more than it must have: see [`{options_type}`]."
        ));
        let docs = quote!(#docs #[doc = ""] #more);
        let written = |public: &TokenStream,
                       docs: &TokenStream,
                       with_doc: &TokenStream,
                       receiver: &TokenStream,
                       bodies: [_; 2]| {
            let [body, with_body] = bodies;
            quote! {
                #docs
                #[track_caller]
                #public fn #name<#lends #(#generics),*>(#receiver #(#parameters),*) -> #callpy::Result<#result> {
                    #body
                }
                #with_doc
                #[track_caller]
                #public fn #with<'a, #(#generics),*>(
                    #receiver
                    #(#parameters,)*
                    #options: #options_type<'a>,
                ) -> #callpy::Result<#result> {
                    #with_body
                }
            }
        };
        let short = quote!(Self::#with(#itself #(#arguments,)* #options_type::new()));
        match is_free {
            false => {
                (written(public, &docs, &with_doc, &receiver, [short, body]), TokenStream::new())
            }
            true => {
                let here = [
                    quote!(__HERE.#name(#(#arguments),*)),
                    quote!(__HERE.#with(#(#arguments,)* #options)),
                ];
                let calls_with = doc::attributes(&format!("Calls [`{with}`]({}).", plain(with)));
                (
                    written(public, &docs, &with_doc, &quote!(), here),
                    written(&on_workers, &calls, &calls_with, &receiver, [short, body]),
                )
            }
        }
    }

    /// Writes the type of the options: a setter for each.
    fn options(
        &self,
        lowering: &Lowering<'_>,
        callpy: &TokenStream,
        optional: &[Argument<'_>],
        names: &Names,
    ) -> TokenStream {
        let Names { function: function_name, with, options_type: name, .. } = names;
        let setters = optional.iter().map(|Argument { parameter, lowered, name: setter }| {
            let key = &parameter.name;
            let mut writer = Writer::new(lowering, callpy);
            // If None is the default, leaving the option out means None.
            let is_none =
                parameter.default.as_ref().is_some_and(|d| d.literal == Some(Literal::None));
            let lowered = match lowered {
                Lowered::Optional(inner) if is_none => inner,
                other => other,
            };
            let (ty, into) = writer.argument(lowered, quote!(value), key, false);
            // A closure that captures an `impl Into` would borrow its result.
            let make =
                quote!(move |__scope, __dims| #callpy::IntoPython::into_python(#into, __scope));
            let source = declaration(key, parameter.hint.as_ref(), parameter.default.as_ref());
            let source = doc::code(&source);
            let generics = writer.generics();
            let (docs, signature, set) = match parameter.kind {
                ParameterKind::VarPositional => (
                    format!("Adds one of {}.", doc::code(&format!("*{source}").replace('`', ""))),
                    quote!(#setter<#(#generics),*>(mut self, value: #ty)),
                    quote!(self.__options.push(#make)),
                ),
                ParameterKind::VarKeyword => (
                    format!("Adds one of {}.", doc::code(&format!("**{source}").replace('`', ""))),
                    quote!(#setter<#(#generics),*>(mut self, name: &str, value: #ty)),
                    quote!(self.__options.extra(name, #make)),
                ),
                _ => (
                    format!("Sets {source}."),
                    quote!(#setter<#(#generics),*>(mut self, value: #ty)),
                    quote!(self.__options.set(#key, #make)),
                ),
            };
            let docs = doc::attributes(&docs);
            quote! {
                #docs
                pub fn #signature -> Self {
                    #set;
                    self
                }
            }
        });
        let place = self.owner.as_ref().map_or_else(String::new, |owner| format!("{owner}::"));
        let (with, function) = (plain(with), plain(function_name));
        let docs = doc::attributes(&format!(
            "What [`{with}`]({place}{with}) takes beyond the arguments of [`{function}`]({place}{function}). \
             What is not set has the default that Python gives it."
        ));
        let text = plain(name);
        // Fields with a name: a tuple struct would be a function too, and a pattern.
        quote! {
            #docs
            #[derive(Default)]
            #[must_use]
            pub struct #name<'a> {
                __options: #callpy::generated::Options<'a>,
            }
            impl<'a> #name<'a> {
                /// Sets nothing yet.
                pub fn new() -> Self {
                    ::core::default::Default::default()
                }
                #(#setters)*
            }
            impl ::core::fmt::Debug for #name<'_> {
                fn fmt(&self, __f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
                    __f.debug_tuple(#text).field(&self.__options).finish()
                }
            }
        }
    }

    fn docs(&self) -> TokenStream {
        let function = self.function;
        let text = doc::docstring(function.docstring.as_deref()).unwrap_or_default();
        let line = function.name_span.start.line;
        let source = match self.kind {
            Kind::Free(_) => signature(function),
            _ => signature(function).replacen(&function.name, &self.path(), 1),
        };
        let source = doc::code(&source);
        let docs = format!("{text}\n{source}, line {line} of {}.", doc::code(self.file));
        doc::attributes(docs.trim_start_matches('\n'))
    }
}

fn is_required(parameter: &Parameter) -> bool {
    let star = matches!(parameter.kind, ParameterKind::VarPositional | ParameterKind::VarKeyword);
    parameter.default.is_none() && !star
}

/// The names in Rust.
struct Names {
    function: Ident,
    with: Ident,
    options_type: Ident,
    /// The parameter that takes the options.
    options: Ident,
}

impl Names {
    fn new(
        lowering: &mut Lowering<'_>,
        callable: &Callable<'_>,
        required: &[Argument<'_>],
        has_options: bool,
        used: &mut HashSet<String>,
    ) -> Names {
        // The file may have a function or a parameter with the same name.
        let name = plain(&callable.name);
        let python = &callable.function.name;
        // Without the `_` that an adjusted name has.
        let is_adjusted = name.trim_end_matches('_') == python.trim_end_matches('_');
        let mut with = format!("{}_with", if is_adjusted { python } else { &name });
        if !has_options {
            with.clear();
        }
        while has_options && used.contains(&with) {
            with.push_str("_options");
        }
        let options_type = match has_options {
            true => lowering.take_name(&format!("{}Options", camel(&callable.path()))),
            false => "_Unused".to_owned(),
        };
        let mut taken = required.iter().map(|argument| plain(&argument.name)).collect();
        Names {
            function: callable.name.clone(),
            with: match has_options {
                true => unused(&with, used),
                false => callable.name.clone(),
            },
            options_type: crate::names::ident(&options_type),
            options: unused("options", &mut taken),
        }
    }
}

/// Writes what is known of a function's arguments, after `Function::new(…)`.
pub(crate) fn usage(usage: Option<Usage>) -> Option<TokenStream> {
    usage.map(|usage| match usage {
        Usage::Retained => quote!(.retains()),
        Usage::Borrowed => quote!(.lends()),
    })
}

/// Writes the functions that read a property, and set it if Python can.
pub(crate) fn property(
    lowering: &Lowering<'_>,
    callpy: &TokenStream,
    property: &Property<'_>,
) -> TokenStream {
    let Property { class, python, lowered, set_by, getter, setter, docs } = property;
    let path = format!("{class}.{python}");
    let mut writer = Writer::new(lowering, callpy);
    let result = writer.result(lowered);
    let generics = writer.generics();
    let iterated = matches!(lowered, Lowered::List { iterable: true, .. });
    let get = quote!(#callpy::generated::get(self, &__MODULE, #path, #python));
    let get = match iterated {
        true => quote!(#callpy::generated::iterated(#get?)),
        false => get,
    };
    // What iterates over Python's values is only ever a result.
    let taken = match set_by.as_ref().unwrap_or(lowered) {
        Lowered::Items(_) => &Lowered::Object { any: false },
        taken => taken,
    };
    let set = setter.as_ref().map(|setter| {
        let mut writer = Writer::new(lowering, callpy);
        let ty = writer.owned(taken);
        let give = writer.give(taken, quote!(value), Held::Value);
        let words = doc::attributes(&format!("Sets {}.", doc::code(&path)));
        quote! {
            #words
            #[track_caller]
            pub fn #setter(&self, value: #ty) -> #callpy::Result<()> {
                #callpy::generated::set_property(self, &__MODULE, #path, #python, #give)
            }
        }
    });
    let docs = doc::attributes(docs);
    quote! {
        #docs
        #[track_caller]
        pub fn #getter<#(#generics),*>(&self) -> #callpy::Result<#result> {
            #get
        }
        #set
    }
}

/// A property, or a field of an instance.
pub(crate) struct Property<'p> {
    pub(crate) class: &'p str,
    pub(crate) python: &'p str,
    pub(crate) lowered: Lowered,
    /// What the setter takes, if it is something else.
    pub(crate) set_by: Option<Lowered>,
    pub(crate) getter: Ident,
    pub(crate) setter: Option<Ident>,
    pub(crate) docs: String,
}
