//! Writes a lowered hint as Rust: the owned type, the argument's type, and the conversion.

use callpy_signature::{Dim, ScalarType, Shape};
use proc_macro2::{Ident, Span, TokenStream};
use quote::{format_ident, quote};

use crate::dtype::Meaning;
use crate::known::Known;
use crate::lower::{Lowered, Lowering, Union};
use crate::names::ident;

/// Writes types and conversions.
pub(crate) struct Writer<'l, 'm> {
    pub(crate) lowering: &'l Lowering<'m>,
    /// The path of the crate callpy.
    pub(crate) callpy: &'l TokenStream,
    /// The current function's type parameters for what the caller chooses, with their bounds.
    generics: Vec<TokenStream>,
    /// Whether an `'a` was written.
    pub(crate) lends: bool,
    /// Whether a shape is checked.
    pub(crate) checks: bool,
}

/// How the current value is held.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Held {
    /// By value.
    Value,
    /// By a reference for `'a`.
    Reference,
}

impl<'l, 'm> Writer<'l, 'm> {
    pub(crate) fn new(lowering: &'l Lowering<'m>, callpy: &'l TokenStream) -> Self {
        Writer { lowering, callpy, generics: Vec::new(), lends: false, checks: false }
    }

    /// Writes an element type.
    pub(crate) fn element(&self, dtype: ScalarType) -> TokenStream {
        Self::element_of(self.callpy, dtype)
    }

    /// Writes an element type, as `element` does, without a writer.
    pub(crate) fn element_of(callpy: &TokenStream, dtype: ScalarType) -> TokenStream {
        let Meaning::Number(number) = Meaning::of(dtype) else {
            unreachable!("only numbers are lowered to elements and scalars")
        };
        let path: TokenStream = number.rust.parse().expect("a type");
        match number.is_feature {
            true => quote!(#callpy::generated::#path),
            false => path,
        }
    }

    /// Adds a type parameter.
    fn generic(&mut self, bound: &TokenStream) -> Ident {
        let mut generic = format!("T{}", self.generics.len() + 1);
        // A class may have this name.
        while self.lowering.taken.contains(&generic) {
            generic.push('_');
        }
        let generic = own(&generic);
        self.generics.push(quote!(#generic: #bound));
        generic
    }

    /// Adds a type parameter for a dtype.
    fn open_element(&mut self) -> Ident {
        let callpy = self.callpy;
        self.generic(&quote!(#callpy::Element))
    }

    /// Writes the type of a value that Rust owns: a result's, or a field's.
    pub(crate) fn owned(&mut self, lowered: &Lowered) -> TokenStream {
        let callpy = self.callpy;
        match lowered {
            Lowered::Unit => quote!(()),
            Lowered::Bool => quote!(bool),
            // Python's ints have no width; one that does not fit is an error.
            Lowered::Int => quote!(i64),
            Lowered::Float => quote!(f64),
            Lowered::Complex => quote!(#callpy::generated::num_complex::Complex<f64>),
            Lowered::Str => quote!(::std::string::String),
            Lowered::Bytes => quote!(#callpy::Bytes<::std::vec::Vec<u8>>),
            Lowered::Path => quote!(::std::path::PathBuf),
            Lowered::Object { .. } => quote!(#callpy::Object),
            Lowered::Items(item) => {
                let item = self.owned(item);
                quote!(#callpy::Items<#item>)
            }
            Lowered::Known(known) => self.owned_known(*known),
            Lowered::List { item, .. } | Lowered::VariadicTuple(item) => {
                let item = self.owned(item);
                quote!(::std::vec::Vec<#item>)
            }
            Lowered::Tuple(items) => {
                let items = items.iter().map(|item| self.owned(item)).collect::<Vec<_>>();
                quote!((#(#items,)*))
            }
            // What can't be hashed stays a Python object.
            Lowered::Dict(key, _) | Lowered::Set { item: key, .. }
                if !self.lowering.is_key(key) =>
            {
                quote!(#callpy::Object)
            }
            Lowered::Dict(key, value) => {
                let (key, value) = (self.owned(key), self.owned(value));
                quote!(::std::collections::HashMap<#key, #value>)
            }
            Lowered::Set { item, .. } => {
                let item = self.owned(item);
                quote!(::std::collections::HashSet<#item>)
            }
            Lowered::Optional(item) => {
                let item = self.owned(item);
                quote!(::core::option::Option<#item>)
            }
            Lowered::Union(number) => {
                let name = ident(&self.lowering.unions[*number].name);
                quote!(#name)
            }
            Lowered::Text(number) => {
                let name = ident(&self.lowering.texts[*number].name);
                quote!(#name)
            }
            Lowered::Array { element: Some(element), .. } => {
                let element = self.element(*element);
                quote!(#callpy::Array<#element>)
            }
            // A field can't leave its dtype to each caller, as a result can.
            Lowered::Array { element: None, .. } => quote!(#callpy::Object),
            Lowered::Scalar(element) => self.element(*element),
            Lowered::Struct(name) | Lowered::Enum(name) | Lowered::Instance(name) => {
                let name = self.lowering.type_ident(name);
                quote!(#name)
            }
            Lowered::Handle(number) => {
                let name = ident(&self.lowering.handles[*number].name);
                quote!(#name)
            }
        }
    }

    /// Writes the type that owns an instance of a known class, where no caller can choose one.
    fn owned_known(&self, known: Known) -> TokenStream {
        let callpy = self.callpy;
        match known {
            Known::Timedelta => quote!(::core::time::Duration),
            known if known.is_value() => self.known(known),
            _ => quote!(#callpy::Object),
        }
    }

    /// Writes the type by which `IntoInstance` and `FromInstance` know a class.
    fn known(&self, known: Known) -> TokenStream {
        let callpy = self.callpy;
        let name = match known {
            Known::Timedelta => return quote!(::core::time::Duration),
            known => own(known.variant()),
        };
        quote!(#callpy::classes::#name)
    }

    /// Writes the type of a result: as [`owned`](Self::owned), but the caller chooses the dtypes
    /// that the hint leaves open.
    pub(crate) fn result(&mut self, lowered: &Lowered) -> TokenStream {
        let callpy = self.callpy;
        match lowered {
            Lowered::Array { element: None, .. } => {
                let generic = self.open_element();
                quote!(#callpy::Array<#generic>)
            }
            Lowered::Known(known) => {
                let class = self.known(*known);
                let generic = self.generic(&quote!(#callpy::classes::FromInstance<#class>));
                quote!(#generic)
            }
            Lowered::Tuple(items) => {
                let items = items.iter().map(|item| self.result(item)).collect::<Vec<_>>();
                quote!((#(#items,)*))
            }
            Lowered::Optional(item) => {
                let item = self.result(item);
                quote!(::core::option::Option<#item>)
            }
            Lowered::List { item, iterable: false } => {
                let item = self.result(item);
                quote!(::std::vec::Vec<#item>)
            }
            other => self.owned(other),
        }
    }

    /// Writes the type of an argument, and the expression that converts `value`, which has this type,
    /// for Python. `inner` arguments are in a collection.
    pub(crate) fn argument(
        &mut self,
        lowered: &Lowered,
        value: TokenStream,
        parameter: &str,
        inner: bool,
    ) -> (TokenStream, TokenStream) {
        let callpy = self.callpy;
        // All other types contain an `'a`.
        self.lends |= !lowered.is_plain()
            && !matches!(lowered, Lowered::Scalar(_) | Lowered::Optional(_) | Lowered::Tuple(_));
        match lowered {
            // A collection may have `String`s in it, which a caller should not have to borrow one by one.
            Lowered::Str if inner => (
                quote!(impl ::core::convert::AsRef<str> + 'a),
                quote!(#callpy::generated::text(#value)),
            ),
            Lowered::Str => (quote!(&'a str), value),
            Lowered::Bytes => (quote!(&'a [u8]), quote!(#callpy::Bytes(#value))),
            Lowered::Path => (
                quote!(impl ::core::convert::AsRef<::std::path::Path> + 'a),
                quote!(#callpy::generated::path(#value)),
            ),
            Lowered::Object { any: true } => (quote!(impl #callpy::IntoPython<'a> + 'a), value),
            // Of a class that only Python can make, there are only objects.
            Lowered::Object { any: false } => (quote!(&'a #callpy::Object), value),
            Lowered::Known(known) => {
                let class = self.known(*known);
                (
                    quote!(impl #callpy::classes::IntoInstance<'a, #class> + 'a),
                    quote!(#callpy::generated::instance::<#class, _>(#value)),
                )
            }
            Lowered::Array { element, shape, .. } => {
                let element = match element {
                    Some(element) => self.element(*element),
                    None => {
                        let generic = self.open_element();
                        quote!(#generic)
                    }
                };
                let value = match shape {
                    Some(shape) => {
                        self.checks = true;
                        let dims = self.dims(shape);
                        quote!(#callpy::generated::shaped(#value, #parameter, #dims, __dims))
                    }
                    None => value,
                };
                (quote!(impl #callpy::IntoArray<'a, #element>), value)
            }
            Lowered::Optional(item) => {
                let (ty, into) = self.argument(item, quote!(__value), parameter, inner);
                (quote!(::core::option::Option<#ty>), quote!(#value.map(|__value| #into)))
            }
            Lowered::Tuple(items) => {
                let names: Vec<Ident> =
                    (0..items.len()).map(|index| format_ident!("__{index}")).collect();
                let (types, intos): (Vec<_>, Vec<_>) = items
                    .iter()
                    .zip(&names)
                    .map(|(item, name)| self.argument(item, quote!(#name), parameter, true))
                    .unzip();
                (quote!((#(#types,)*)), quote!({ let (#(#names,)*) = #value; (#(#intos,)*) }))
            }
            Lowered::List { item, .. } | Lowered::VariadicTuple(item) => {
                let make = match lowered {
                    Lowered::List { .. } => quote!(list),
                    _ => quote!(tuple),
                };
                if let Lowered::Array { .. } | Lowered::Known(_) | Lowered::Object { any: true } =
                    **item
                {
                    let (ty, into) = self.argument(item, quote!(__item), parameter, true);
                    return (
                        quote!(impl ::core::iter::IntoIterator<Item = #ty> + 'a),
                        quote!(#callpy::generated::#make(
                            ::core::iter::IntoIterator::into_iter(#value).map(|__item| #into)
                        )),
                    );
                }
                let (ty, into) = match **item {
                    // Instances of the class, whichever module has its methods.
                    Lowered::Handle(_) => (quote!(#callpy::Object), quote!(__item)),
                    Lowered::Str => (
                        quote!(impl ::core::convert::AsRef<str> + 'a),
                        quote!(#callpy::generated::text(__item)),
                    ),
                    _ => (self.owned(item), self.give(item, quote!(__item), Held::Reference)),
                };
                (
                    quote!(&'a [#ty]),
                    quote!(#callpy::generated::#make(#value.iter().map(|__item| #into))),
                )
            }
            Lowered::Dict(key, item) => {
                let (key_ty, key) = self.argument(key, quote!(__key), parameter, true);
                let (item_ty, item) = self.argument(item, quote!(__item), parameter, true);
                (
                    quote!(impl ::core::iter::IntoIterator<Item = (#key_ty, #item_ty)> + 'a),
                    quote!(#callpy::generated::dict(
                        ::core::iter::IntoIterator::into_iter(#value).map(|(__key, __item)| (#key, #item))
                    )),
                )
            }
            Lowered::Set { item, .. } | Lowered::Items(item) => {
                let make = match lowered {
                    Lowered::Set { frozen: true, .. } => quote!(frozenset),
                    Lowered::Set { .. } => quote!(set),
                    _ => quote!(iterator),
                };
                let (ty, item) = self.argument(item, quote!(__item), parameter, true);
                (
                    quote!(impl ::core::iter::IntoIterator<Item = #ty> + 'a),
                    quote!(#callpy::generated::#make(
                        ::core::iter::IntoIterator::into_iter(#value).map(|__item| #item)
                    )),
                )
            }
            Lowered::Union(number) => {
                let (name, lends) = argument_type(&self.lowering.unions[*number]);
                let lifetime = lends.then(|| quote!(<'a>));
                let name = ident(&name);
                (
                    quote!(impl ::core::convert::Into<#name #lifetime> + 'a),
                    quote!(::core::convert::Into::<#name #lifetime>::into(#value)),
                )
            }
            Lowered::Struct(name) => {
                let name = self.lowering.type_ident(name);
                (quote!(&'a #name), value)
            }
            // Any object with its methods is a protocol, so it need not be of the class.
            Lowered::Instance(name) if !self.lowering.is_protocol(name) => {
                let name = self.lowering.type_ident(name);
                (quote!(&'a #name), value)
            }
            // Generated types for instances are objects by `Deref`, those of other modules too.
            Lowered::Instance(_) | Lowered::Handle(_) => (quote!(&'a #callpy::Object), value),
            // As the scalar that the hint names, since NumPy's rules of promotion differ for Python's numbers.
            Lowered::Scalar(_) => (self.owned(lowered), quote!(#callpy::generated::scalar(#value))),
            plain => (self.owned(plain), value),
        }
    }

    /// Writes the expression that converts a value of the owned type for Python.
    pub(crate) fn give(&self, lowered: &Lowered, value: TokenStream, held: Held) -> TokenStream {
        let callpy = self.callpy;
        let reference = held == Held::Reference;
        let iter = match reference {
            true => quote!(iter),
            false => quote!(into_iter),
        };
        match lowered {
            plain if plain.is_plain() && reference => quote!(*#value),
            Lowered::Dict(key, _) | Lowered::Set { item: key, .. }
                if !self.lowering.is_key(key) =>
            {
                value
            }
            Lowered::Scalar(_) => {
                let star = reference.then(|| quote!(*));
                quote!(#callpy::generated::scalar(#star #value))
            }
            Lowered::Known(Known::Timedelta) if reference => quote!(*#value),
            Lowered::Known(known) if known.is_value() && reference => {
                let class = own(known.variant());
                quote!(#callpy::classes::#class(#value.0.as_str()))
            }
            Lowered::Str if reference => quote!(#value.as_str()),
            Lowered::Bytes if reference => quote!(#callpy::Bytes(#value.0.as_slice())),
            Lowered::Path => quote!(#callpy::generated::path(#value)),
            Lowered::List { item, .. } => {
                let item = self.give(item, quote!(__item), held);
                quote!(#callpy::generated::list(#value.#iter().map(|__item| #item)))
            }
            Lowered::VariadicTuple(item) => {
                let item = self.give(item, quote!(__item), held);
                quote!(#callpy::generated::tuple(#value.#iter().map(|__item| #item)))
            }
            Lowered::Set { item, frozen } => {
                let item = self.give(item, quote!(__item), held);
                let make = if *frozen { quote!(frozenset) } else { quote!(set) };
                quote!(#callpy::generated::#make(#value.#iter().map(|__item| #item)))
            }
            Lowered::Dict(key, item) => {
                let key = self.give(key, quote!(__key), held);
                let item = self.give(item, quote!(__item), held);
                quote!(#callpy::generated::dict(#value.#iter().map(|(__key, __item)| (#key, #item))))
            }
            Lowered::Optional(item) => {
                let item = self.give(item, quote!(__item), held);
                let as_ref = reference.then(|| quote!(.as_ref()));
                quote!(#value #as_ref .map(|__item| #item))
            }
            Lowered::Tuple(items) => {
                let names: Vec<Ident> =
                    (0..items.len()).map(|index| format_ident!("__{index}")).collect();
                let intos = items
                    .iter()
                    .zip(&names)
                    .map(|(item, name)| self.give(item, quote!(#name), held));
                quote!({ let (#(#names,)*) = #value; (#(#intos,)*) })
            }
            // callpy converts the others itself, by value or by reference.
            _ => value,
        }
    }

    /// Writes the shape that an array must have.
    pub(crate) fn dims(&self, shape: &Shape) -> TokenStream {
        let callpy = self.callpy;
        let dims = shape.dims.iter().map(|dim| match dim {
            Dim::Fixed(extent) => {
                let extent = proc_macro2::Literal::u64_unsuffixed(*extent);
                quote!(Fixed(#extent))
            }
            Dim::Named(name) => quote!(Named(#name)),
            Dim::Ellipsis => quote!(Ellipsis),
            Dim::Variadic(name) => quote!(Variadic(#name)),
            // Expressions such as `n+1` are not checked.
            _ => quote!(Any),
        });
        quote!(&[#(#callpy::generated::Dim::#dims),*])
    }

    /// Writes the statements that check the shapes in a result.
    pub(crate) fn check_result(
        &self,
        lowered: &Lowered,
        value: TokenStream,
    ) -> Option<TokenStream> {
        match lowered {
            Lowered::Array { shape: Some(shape), .. } => {
                let dims = self.dims(shape);
                Some(quote!(__dims.result(#dims, #value.shape())?;))
            }
            Lowered::Optional(item) => {
                let check = self.check_result(item, quote!(__array))?;
                Some(quote!(if let ::core::option::Option::Some(__array) = &#value { #check }))
            }
            Lowered::Tuple(items) => {
                let checks: Vec<TokenStream> = items
                    .iter()
                    .enumerate()
                    .filter_map(|(index, item)| {
                        let index = proc_macro2::Literal::usize_unsuffixed(index);
                        self.check_result(item, quote!(#value.#index))
                    })
                    .collect();
                (!checks.is_empty()).then(|| quote!(#(#checks)*))
            }
            _ => None,
        }
    }

    /// Writes the type parameters for what the caller chooses.
    pub(crate) fn generics(&self) -> &[TokenStream] {
        &self.generics
    }
}

/// Returns the name of the enum that an argument of a union is, and whether it has a lifetime.
pub(crate) fn argument_type(union: &Union) -> (String, bool) {
    match union.variants.iter().any(|(_, lowered)| is_array(lowered)) {
        true => (format!("{}Argument", union.name), true),
        false => (union.name.clone(), false),
    }
}

pub(crate) fn is_array(lowered: &Lowered) -> bool {
    matches!(lowered, Lowered::Array { .. })
}

/// Makes an identifier.
pub(crate) fn own(name: &str) -> Ident {
    Ident::new(name, Span::call_site())
}
