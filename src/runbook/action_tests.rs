//! The promises of a confirmed plan, held while the tests are compiled: a change that breaks one does not build.

use super::{Confirmed, Plan};

/// Does a type have a trait? Known at compile time: where the bound holds, the type's own constant comes before
/// the trait's.
macro_rules! has {
    ($type:ty: $($bound:tt)+) => {{
        #[allow(dead_code, reason = "a type that stands for a question")]
        struct Of<T: ?Sized>(std::marker::PhantomData<T>);
        #[allow(dead_code, reason = "the answer of types without the trait")]
        trait Otherwise {
            const HOLDS: bool = false;
        }
        impl<T: ?Sized> Otherwise for Of<T> {}
        #[allow(dead_code, reason = "the answer of types with the trait")]
        impl<T: ?Sized + $($bound)+> Of<T> {
            const HOLDS: bool = true;
        }
        <Of<$type>>::HOLDS
    }};
}

// The question can be answered with yes.
const _: () = assert!(has!(String: Clone) && has!(String: Default) && has!(u8: Copy));
const _: () = assert!(has!(String: serde::Deserialize<'static>) && has!(String: serde::Serialize));
const _: () = assert!(has!(String: From<&'static str>) && has!(Plan: Clone) && has!(Confirmed: Send));

// It is used up by applying it once.
const _: () = assert!(!has!(Confirmed: Clone), "a confirmed plan is applied once");
const _: () = assert!(!has!(Confirmed: Copy), "a confirmed plan is applied once");

// Nothing makes one but a person's typed name.
const _: () = assert!(!has!(Confirmed: Default), "a confirmed plan comes from a person");
const _: () = assert!(!has!(Confirmed: serde::Deserialize<'static>), "a confirmed plan comes from no file");
const _: () = assert!(!has!(Confirmed: serde::de::DeserializeOwned), "a confirmed plan comes from no file");
const _: () = assert!(!has!(Confirmed: std::str::FromStr), "a confirmed plan comes from no text");
const _: () = assert!(!has!(Confirmed: From<Plan>), "a confirmed plan comes from a person");
const _: () = assert!(!has!(Confirmed: TryFrom<Plan>), "a confirmed plan comes from a person");

// What was confirmed stays what it was.
const _: () = assert!(!has!(Confirmed: std::ops::DerefMut), "a confirmed plan is not changed");
const _: () = assert!(!has!(Confirmed: AsMut<Plan>), "a confirmed plan is not changed");
const _: () = assert!(!has!(Confirmed: std::borrow::BorrowMut<Plan>), "a confirmed plan is not changed");
const _: () = assert!(
    !has!(Confirmed: serde::Serialize),
    "a confirmed plan is kept nowhere: the journal has its intent"
);

// A plan is drafted from the facts of a case.
const _: () = assert!(!has!(Plan: Default), "a plan comes from a case");
const _: () = assert!(!has!(Plan: serde::Deserialize<'static>), "a plan comes from no file");
