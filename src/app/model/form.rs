//! The environment form: what is typed, and what the outside says of it.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use jiff::Timestamp;

use crate::engine::job::SessionId;
use crate::environment::discovery::notes::Notes;
use crate::environment::discovery::{Known, fill, notes, subject};
use crate::environment::{Draft, Field, FieldError, RegionField, sketch, validate_at_home};
use crate::runbook::fact::{Facts, ListedHealthCheck};
use crate::runbook::profile::Profile;
use crate::runbook::question::{Question, Reading, Readings};
use crate::runbook::verdict::Why;

/// The environment form.
#[derive(Debug)]
pub struct Form {
    /// What is typed.
    pub draft: Draft,
    /// What it was when the form opened.
    pub saved: Draft,
    /// The name it was opened under; `None` for a new one.
    pub original: Option<String>,
    /// What is wrong with it, by field.
    pub errors: Vec<FieldError>,
    /// Fields that were touched: only their errors are shown before the first save.
    pub touched: BTreeSet<Field>,
    /// Save was pressed: all errors are shown.
    pub save_tried: bool,
    /// The kubeconfig's contexts; `None` while they are read.
    pub contexts: Option<Result<Vec<String>, Why>>,
    /// The kubeconfig that `contexts` are read from, the usual one being `Some(None)`; `None` where no
    /// file is read.
    pub contexts_of: Option<Option<PathBuf>>,
    /// The fields that seldom need a change are shown.
    pub more: bool,
    /// It is being saved.
    pub saving: bool,
    /// Why it could not be saved.
    pub problem: Option<String>,
    /// Where the last file dialog ended without a file: it was closed, or could not open.
    pub not_picked: Option<Field>,
    /// The folder that `~` stands for.
    pub home: Option<PathBuf>,
    /// What the outside says of it.
    pub discovery: Discovery,
}

/// What the outside says of a form, and what is on its way.
#[derive(Debug)]
pub struct Discovery {
    /// What is known of each field.
    pub notes: Notes,
    /// The fields that were filled from outside, and that nobody changed since.
    pub filled: BTreeSet<Field>,
    /// The profiles in the AWS files; `None` while they are read.
    pub aws_profiles: Option<Result<Vec<String>, Why>>,
    /// The config and credentials files that they are read from; `None` where none are read.
    pub(in crate::app) aws_files: Option<(Option<PathBuf>, Option<PathBuf>)>,
    /// The AWS account's health checks; `None` while they are listed, or not asked for.
    pub health_checks: Option<Result<Vec<ListedHealthCheck>, Why>>,
    /// The VPCs peered with the clusters'; likewise.
    pub vpcs: Option<Result<Vec<String>, Why>>,
    /// "Test all" was pressed: its questions are asked again after a change.
    pub tested: bool,
    /// What the draft describes so far.
    pub profile: Arc<Profile>,
    /// The session that asks, and what it was opened with.
    pub(in crate::app) session: Option<(SessionId, Arc<Profile>)>,
    /// The questions asked, each with what it was asked about.
    pub(in crate::app) asked: BTreeMap<Question, Asked>,
    /// When the draft was changed last, while nobody has looked at that yet.
    pub(in crate::app) changed_at: Option<Timestamp>,
}

/// A question that was asked for a form.
#[derive(Debug, Clone)]
pub(in crate::app) struct Asked {
    /// The profile of the session that asked.
    pub(in crate::app) of: Arc<Profile>,
    /// The answer; `None` while it is on its way.
    pub(in crate::app) reading: Option<Reading<Facts>>,
}

impl Form {
    /// A form that opens with this in it; `original` is the name it was saved under, `home` the folder
    /// that `~` stands for.
    pub fn new(draft: Draft, original: Option<String>, home: Option<PathBuf>) -> Self {
        let profile = Arc::new(sketch(&draft, home.as_deref()));
        let is_new = original.is_none();
        Self {
            saved: draft.clone(),
            original,
            errors: validate_at_home(&draft, home.as_deref()).err().unwrap_or_default(),
            draft,
            touched: BTreeSet::new(),
            save_tried: false,
            contexts: None,
            contexts_of: None,
            more: false,
            saving: false,
            problem: None,
            not_picked: None,
            home,
            discovery: Discovery::new(profile, is_new),
        }
    }

    /// Was anything changed since it was opened or saved?
    pub fn is_changed(&self) -> bool {
        self.draft != self.saved
    }

    /// The environment that it describes, or what is wrong at which field.
    pub fn profile(&self) -> Result<Profile, Vec<FieldError>> {
        validate_at_home(&self.draft, self.home())
    }

    /// The folder that `~` stands for.
    pub fn home(&self) -> Option<&Path> {
        self.home.as_deref()
    }

    /// Is this field among those that seldom need a change, shown with [`Form::more`]?
    pub fn folds(field: Field) -> bool {
        use Field as F;
        matches!(
            field,
            F::Kubeconfig
                | F::AwsConfigFile
                | F::AwsCredentialsFile
                | F::Namespace
                | F::Deployment
                | F::Ingress
                | F::Selector
                | F::ChartRepository
                | F::ChartName
                | F::ChartFile
                | F::DatabaseVpc
                | F::DatabaseSecurityGroup
                | F::DatabasePort
                | F::Region(_, RegionField::ProbeAddress | RegionField::ProbeCa)
        )
    }

    /// The error to show at a field, if it is time to show it.
    pub fn error(&self, field: Field) -> Option<&str> {
        let shown = self.save_tried || self.touched.contains(&field);
        let of = |error: &&FieldError| error.field == field;
        self.errors.iter().find(of).filter(|_| shown).map(|error| error.message.as_str())
    }

    /// Fills what can be filled and judges every field anew, of what is known so far.
    pub fn judge(&mut self, now: Timestamp) {
        // A name leads to a host, and a host to a health check.
        for _ in 0..3 {
            self.discovery.profile = Arc::new(sketch(&self.draft, self.home.as_deref()));
            let proposals = self.with_known(now, fill::proposals);
            if proposals.is_empty() {
                break;
            }
            for (field, value) in proposals {
                if let Some(place) = self.draft.text_mut(field) {
                    *place = value;
                    self.discovery.filled.insert(field);
                }
            }
        }
        self.judge_only(now);
        self.errors = self.what_is_wrong();
    }

    /// Everything that keeps it from being saved: what is typed wrongly, and what the outside is known to say
    /// against it.
    fn what_is_wrong(&self) -> Vec<FieldError> {
        let mut errors = self.profile().err().unwrap_or_default();
        errors.extend(self.discovery.notes.refused.iter().cloned());
        errors
    }

    /// Judges every field anew, and fills none.
    pub(in crate::app) fn judge_only(&mut self, now: Timestamp) {
        self.discovery.notes = self.with_known(now, notes::judge);
    }

    fn with_known<T>(&self, now: Timestamp, judge: impl FnOnce(&Known<'_>) -> T) -> T {
        let (readings, asking) = self.discovery.current();
        judge(&Known {
            draft: &self.draft,
            profile: &self.discovery.profile,
            readings: &readings,
            asking: &asking,
            contexts: self.contexts.as_ref(),
            aws_profiles: self.discovery.aws_profiles.as_ref(),
            health_checks: self.discovery.health_checks.as_ref().filter(|_| self.discovery.is_of_account()),
            filled: &self.discovery.filled,
            touched: &self.touched,
            is_new: self.original.is_none(),
            now,
        })
    }
}

impl Discovery {
    fn new(profile: Arc<Profile>, is_new: bool) -> Self {
        // The runbook's own count is nobody's choice.
        let filled = if is_new { BTreeSet::from([Field::Replicas]) } else { BTreeSet::new() };
        Self {
            notes: Notes::default(),
            filled,
            aws_profiles: None,
            aws_files: None,
            health_checks: None,
            vpcs: None,
            tested: false,
            profile,
            session: None,
            asked: BTreeMap::new(),
            changed_at: None,
        }
    }

    /// The answers that are about what is typed now, and the questions about it on their way.
    fn current(&self) -> (Readings, BTreeSet<Question>) {
        let (mut readings, mut asking) = (Readings::default(), BTreeSet::new());
        for (question, asked) in &self.asked {
            if !subject::is_same(*question, &asked.of, &self.profile) {
                continue;
            }
            match &asked.reading {
                Some(reading) => readings.keep(*question, reading.clone()),
                None => _ = asking.insert(*question),
            }
        }
        (readings, asking)
    }

    /// Are the lists of the AWS account that is typed now?
    fn is_of_account(&self) -> bool {
        self.session.as_ref().is_none_or(|(_, of)| of.aws == self.profile.aws)
    }

    /// Is a question of the last test on its way?
    pub fn is_testing(&self) -> bool {
        self.tested && self.asked.values().any(|asked| asked.reading.is_none())
    }
}
