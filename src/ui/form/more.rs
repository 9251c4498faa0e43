//! The fields that seldom need a change: names and addresses.

use egui::Ui;

use super::field::FormField;
use super::list::List;
use super::region::title;
use crate::app::model::Form;
use crate::app::msg::FilePurpose;
use crate::app::msg::{FormMsg, Msg};
use crate::design::{ActionButton, Space, card, card_title, secondary};
use crate::environment::{Draft, Field, RegionField};
use crate::ui::grid;

/// What opens and closes the fold, and what is in it.
pub(super) fn fold_ui(form: &Form, ui: &mut Ui, out: &mut Vec<Msg>) {
    ui.spacing_mut().item_spacing.y = 5.0;
    ui.add_space(Space::XL);
    let label = if form.more { "Hide names and addresses" } else { "Names and addresses" };
    let fold = ui.add(ActionButton::link(label));
    ui.ctx().accesskit_node_builder(fold.id, |node| node.set_expanded(form.more));
    if fold.clicked() {
        out.push(Msg::Form(FormMsg::ToggleMore));
    }
    let Draft { namespace, deployment, selector, chart_repository, .. } = &form.draft;
    let repository = chart_repository.split_once("://").map_or(chart_repository.as_str(), |(_, rest)| rest);
    secondary(ui, &format!("{namespace}, {deployment}, {selector}, {}", repository.trim_end_matches('/')));
}

/// What is in the fold, while it is open.
pub(super) fn more_ui(form: &Form, ui: &mut Ui, out: &mut Vec<Msg>) {
    if !form.more {
        return;
    }
    card(ui, |ui| {
        ui.spacing_mut().item_spacing.y = Space::M;
        names_ui(form, ui, out);
        files_ui(form, ui, out);
        database_ui(form, ui, out);
    });
    probes_ui(form, ui, out);
}

fn names_ui(form: &Form, ui: &mut Ui, out: &mut Vec<Msg>) {
    let fields = [
        FormField::new(Field::Namespace).hint("vcluster-platform"),
        FormField::new(Field::Deployment).hint("loft"),
        FormField::new(Field::Ingress).hint("loft"),
        FormField::new(Field::Selector).hint("app=loft"),
        FormField::new(Field::ChartRepository).hint("https://charts.loft.sh/"),
        FormField::new(Field::ChartName).hint("vcluster-platform"),
    ]
    .map(FormField::mono);
    let columns = grid::columns(ui, 200.0, 3);
    grid::rows(ui, columns, &fields, |ui, field| {
        field.text(form, ui, out);
    });
}

fn files_ui(form: &Form, ui: &mut Ui, out: &mut Vec<Msg>) {
    let fields = [
        (
            Field::Kubeconfig,
            "~/.kube/config",
            "Empty: KUBECONFIG, else ~/.kube/config",
            FilePurpose::Kubeconfig,
        ),
        (
            Field::AwsConfigFile,
            "~/.aws/config",
            "Empty: AWS_CONFIG_FILE, else ~/.aws/config",
            FilePurpose::AwsConfig,
        ),
        (
            Field::AwsCredentialsFile,
            "~/.aws/credentials",
            "Empty: AWS_SHARED_CREDENTIALS_FILE, else ~/.aws/credentials",
            FilePurpose::AwsCredentials,
        ),
        (
            Field::ChartFile,
            "~/platform/vcluster-platform-4.11.2.tgz",
            "Empty: the repository. A .tgz helps where that is out of reach",
            FilePurpose::ChartArchive,
        ),
    ];
    let columns = grid::columns(ui, 300.0, 2);
    grid::rows(ui, columns, &fields, |ui, (field, hint, about, purpose)| {
        FormField::new(*field).mono().hint(*hint).about(about).path(*purpose, form, ui, out);
    });
}

/// Where the database is, to look at the way to it.
fn database_ui(form: &Form, ui: &mut Ui, out: &mut Vec<Msg>) {
    let fields = [Field::DatabaseVpc, Field::DatabaseSecurityGroup, Field::DatabasePort];
    let columns = grid::columns(ui, 200.0, 3);
    grid::rows(ui, columns, &fields, |ui, field| {
        let shown = FormField::new(*field).mono();
        match field {
            Field::DatabaseVpc => shown
                .hint("vpc-0a1b2c3d4e5f60718")
                .about("Empty: the other side of the cluster VPC's only peering")
                .choice(&List::vpcs(form), form, ui, out),
            Field::DatabaseSecurityGroup => {
                let shown = shown.hint("sg-0a1b2c3d4e5f60718");
                shown.about("Empty: its rules are not looked at").text(form, ui, out);
            }
            _ => {
                shown.hint("3306").about("The port that the database listens on").text(form, ui, out);
            }
        }
    });
}

/// How Failback's own look reaches each region's host.
fn probes_ui(form: &Form, ui: &mut Ui, out: &mut Vec<Msg>) {
    let regions: Vec<_> = form.draft.regions.iter().enumerate().collect();
    let columns = grid::columns(ui, 400.0, 2);
    grid::cards(
        ui,
        columns,
        &regions,
        |_| None,
        |ui, (index, region)| {
            ui.push_id(("probe", index), |ui| {
                ui.spacing_mut().item_spacing.y = Space::M;
                card_title(ui, &format!("Own look at {}", title(*index, region)));
                FormField::new(Field::Region(*index, RegionField::ProbeAddress))
                    .mono()
                    .hint("192.0.2.10:443")
                    .about("Empty: the address that the regional host resolves to")
                    .text(form, ui, out);
                FormField::new(Field::Region(*index, RegionField::ProbeCa))
                    .mono()
                    .hint("~/platform/ca.pem")
                    .about("Empty: the system's. Else a PEM file of the authority to trust")
                    .path(FilePurpose::ProbeCa(*index), form, ui, out);
            });
        },
    );
}
