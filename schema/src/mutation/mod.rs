//! The acts of the chart, one mutation each: input object in, outcome as a union out. An act is one transaction with its Provenance.

mod about;
mod act;
mod allergy;
pub(crate) mod app;
mod background;
mod care;
mod correction;
pub(crate) mod critical;
mod death;
mod demographics;
mod document;
mod encounter;
mod family;
mod flowsheet;
pub(crate) mod glass;
mod household;
mod immunization;
mod input;
mod measure;
mod measurement;
mod merge;
mod message;
mod note;
mod opening;
mod problem;
mod questionnaire;
mod registration;
mod review;
mod schedule;
mod star;
mod task;
mod team;
mod treatment;
pub(crate) mod user;
mod vitals;

use async_graphql::{Context, ID, Object, Result};
use entity::store::PageRequest;
use entity::{Interaction, StoreError};
use fhir::{Json, ResourceType};

use crate::document::{Document, List};
use crate::error;
use crate::scalar::DateTime;
use crate::session::{Session, session};
use crate::types::patient_export::{self, PatientListExport, PatientListExportInput};
use crate::types::saved_query::{self, SavedQueriesPayload, SavedQueryRemoveInput, SavedQuerySaveInput};
use allergy::{
    AllergyChangePayload, AllergyNoneKnownInput, AllergyNoneKnownPayload, AllergyRecordInput, AllergyRecordPayload,
    AllergyRefuteInput, AllergyUpdateInput,
};
use app::{AppLaunchInput, AppLaunchPayload, AppPayload, AppRegisterInput, AppUpdateInput, GrantRevokePayload};
use background::{
    ConsentRecordInput, ConsentRecordPayload, ConsentWithdrawInput, ConsentWithdrawPayload, FamilyHistoryRecordInput,
    FamilyHistoryRecordPayload, FamilyHistoryUpdateInput, FamilyHistoryUpdatePayload,
};
use care::{
    CarePlanCreateInput, CarePlanCreatePayload, CarePlanUpdateInput, CarePlanUpdatePayload, GoalPayload,
    GoalProgressRecordInput, GoalSetInput,
};
use correction::{RecordEnterInErrorInput, RecordEnterInErrorPayload};
use critical::{CriticalResultNotifyInput, CriticalResultNotifyPayload};
use death::{PatientCorrectDeathInput, PatientCorrectDeathPayload, PatientRecordDeathInput, PatientRecordDeathPayload};
use document::{DocumentRecordInput, DocumentRecordPayload, DocumentReplaceInput, DocumentReplacePayload};
use encounter::{
    EncounterCancelInput, EncounterCancelPayload, EncounterDischargeInput, EncounterDischargePayload,
    EncounterFinishInput, EncounterFinishPayload, EncounterPrincipalSetInput, EncounterPrincipalSetPayload,
    EncounterStartInput, EncounterStartPayload, EncounterTransferInput, EncounterTransferPayload,
};
use family::{FamilyHistoryNoneKnownInput, FamilyHistoryNoneKnownPayload};
use flowsheet::{FlowsheetRecordInput, FlowsheetRecordPayload};
use glass::{
    BreakGlassClosePayload, BreakGlassOpenInput, BreakGlassReviewInput, ChartGrantGiveInput, ChartGrantPayload,
};
use household::{
    CoverageEndInput, CoverageEndPayload, CoverageRecordInput, CoverageRecordPayload, CoverageUpdateInput,
    CoverageUpdatePayload, RelatedPersonEndInput, RelatedPersonEndPayload, RelatedPersonRecordInput,
    RelatedPersonRecordPayload, RelatedPersonUpdateInput, RelatedPersonUpdatePayload,
};
use immunization::{
    ImmunizationRecordInput, ImmunizationRecordPayload, ImmunizationUpdateInput, ImmunizationUpdatePayload,
};
use input::{ConceptInput, Draft};
use measure::{MeasureRunInput, MeasureRunPayload};
use merge::{
    PatientMergeInput, PatientMergePayload, PatientMergeProposeInput, PatientMergeProposePayload, PatientUnmergeInput,
    PatientUnmergePayload, PatientUnmergeProposeInput,
};
use message::{MessageSendInput, MessageSendPayload, NotificationReadInput};
use note::{
    NoteAddendInput, NoteAddendPayload, NoteCosignInput, NoteCosignPayload, NoteDiscardInput, NoteDiscardPayload,
    NoteDraftInput, NoteDraftPayload, NoteEditInput, NoteEditPayload, NoteRetractInput, NoteRetractPayload,
    NoteSignInput, NoteSignPayload,
};
use opening::{ScheduleOpenInput, ScheduleOpenPayload};
use problem::{
    ConditionChangePayload, ConditionMergeInput, ConditionMergePayload, ConditionRecordInput, ConditionRecordPayload,
    ConditionResolveInput, ConditionUpdateInput,
};
use questionnaire::{QuestionnaireSubmitInput, QuestionnaireSubmitPayload};
use registration::{
    PatientRegisterInput, PatientRegisterPayload, PatientRegisterUnknownInput, PatientUpdateInput, PatientUpdatePayload,
};
use review::{ListReviewInput, ListReviewPayload};
use schedule::{
    AppointmentBookInput, AppointmentBookPayload, AppointmentCancelInput, AppointmentCheckInInput,
    AppointmentCheckInPayload, AppointmentFulfilInput, AppointmentNoShowInput, AppointmentRescheduleInput,
    AppointmentReschedulePayload, AppointmentStepPayload,
};
use star::{PatientStarInput, PatientStarPayload};
use task::{
    ResultAcknowledgeInput, ResultAcknowledgePayload, TaskCancelInput, TaskClaimInput, TaskClaimPayload,
    TaskCompleteInput, TaskCreateInput, TaskPayload, TaskReassignInput,
};
use team::{CareTeamCreateInput, CareTeamCreatePayload, CareTeamUpdateInput, CareTeamUpdatePayload};
use treatment::{
    MedicationStatementRecordInput, MedicationStatementRecordPayload, MedicationStatementUpdateInput,
    MedicationStatementUpdatePayload, ProcedureRecordInput, ProcedureRecordPayload, ProcedureUpdateInput,
    ProcedureUpdatePayload,
};
use user::{UserCreateInput, UserPayload, UserUpdateInput};
use vitals::{VitalsRecordInput, VitalsRecordPayload};

/// The root of all acts.
pub struct Mutation;

/// The root of all acts. An operation has one.
#[Object]
impl Mutation {
    /// Makes the account of a person, with a password for one sign-in. For administrators.
    async fn user_create(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Whose")] input: UserCreateInput,
    ) -> Result<UserPayload> {
        user::create(session(ctx), input).await
    }

    /// Gives an account other roles, closes it, or opens it again; what it has open ends. For administrators.
    async fn user_update(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What changes")] input: UserUpdateInput,
    ) -> Result<UserPayload> {
        user::update(session(ctx), input).await
    }

    /// Makes a new password for one sign-in, and ends what the account has open. For administrators.
    async fn user_reset_password(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Log-in name")] login: String,
    ) -> Result<UserPayload> {
        user::reset_password(session(ctx), &login).await
    }

    /// Takes the second factor of an account away, for who has lost it; what the account has open ends. For administrators.
    async fn user_remove_second_factor(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Log-in name")] login: String,
    ) -> Result<UserPayload> {
        user::remove_second_factor(session(ctx), &login).await
    }

    /// Ends all sessions and tokens of an account and what it granted to applications. For administrators.
    async fn user_log_out(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Log-in name")] login: String,
    ) -> Result<UserPayload> {
        user::log_out(session(ctx), &login).await
    }

    /// Registers an application. One that keeps a secret is told it once. For administrators.
    async fn app_register(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What is registered")] input: AppRegisterInput,
    ) -> Result<AppPayload> {
        app::register(session(ctx), input).await
    }

    /// Changes the registration of an application. For administrators.
    async fn app_update(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What changes")] input: AppUpdateInput,
    ) -> Result<AppPayload> {
        app::update(session(ctx), input).await
    }

    /// Makes a new secret for an application, told this once; the one before is good no more. For administrators.
    async fn app_new_secret(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Its client_id")] id: String,
    ) -> Result<AppPayload> {
        app::new_secret(session(ctx), &id).await
    }

    /// Opens an application again. For administrators.
    async fn app_enable(&self, ctx: &Context<'_>, #[graphql(desc = "Its client_id")] id: String) -> Result<AppPayload> {
        app::disable(session(ctx), &id, false).await
    }

    /// Closes an application; what was granted to it ends at once. For administrators.
    async fn app_disable(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Its client_id")] id: String,
    ) -> Result<AppPayload> {
        app::disable(session(ctx), &id, true).await
    }

    /// Begins the launch of an application from a patient's chart, as the one who is signed in: the application will see that patient, after
    /// the person has agreed. Only in a session.
    async fn app_launch(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What is launched, and where")] input: AppLaunchInput,
    ) -> Result<AppLaunchPayload> {
        app::launch(session(ctx), input).await
    }

    /// Ends what one has allowed an application oneself; its access ends at once.
    async fn grant_revoke(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Number of the grant")] id: ID,
    ) -> Result<GrantRevokePayload> {
        app::revoke(session(ctx), &id).await
    }

    /// Opens a patient's chart in an emergency, for an hour: also what is restricted or sensitive in it, never what is very restricted. It is
    /// in the audit before anything is shown, and is reviewed. For people who treat.
    async fn break_glass_open(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Whose, and why")] input: BreakGlassOpenInput,
    ) -> Result<ChartGrantPayload> {
        glass::open(session(ctx), input).await
    }

    /// Stars a patient for the asking party alone, or takes the star back. It is no part of the record.
    async fn patient_star(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Whom")] input: PatientStarInput,
    ) -> Result<PatientStarPayload> {
        star::star(session(ctx), &input).await
    }

    /// Ends an emergency of one's own before its hour is over.
    async fn break_glass_close(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Global id of the patient")] patient_id: ID,
    ) -> Result<BreakGlassClosePayload> {
        glass::close(session(ctx), &patient_id).await
    }

    /// Says whether an emergency of somebody else was justified, once. For administrators.
    async fn break_glass_review(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which, and what is said")] input: BreakGlassReviewInput,
    ) -> Result<ChartGrantPayload> {
        glass::review(session(ctx), input).await
    }

    /// Opens what is very restricted in a chart to one person who treats. For administrators, who see nothing of it.
    async fn chart_grant_give(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to whom, and why")] input: ChartGrantGiveInput,
    ) -> Result<ChartGrantPayload> {
        glass::give(session(ctx), input).await
    }

    /// Ends a grant before its time. For administrators.
    async fn chart_grant_end(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Its number")] id: ID,
    ) -> Result<ChartGrantPayload> {
        glass::end(session(ctx), &id).await
    }

    /// Records a problem or diagnosis. A coded problem that is active already is not recorded twice.
    async fn condition_record(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What is recorded")] input: ConditionRecordInput,
    ) -> Result<ConditionRecordPayload> {
        problem::record(session(ctx), input).await
    }

    /// Changes a problem.
    async fn condition_update(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What changes")] input: ConditionUpdateInput,
    ) -> Result<ConditionChangePayload> {
        problem::update(session(ctx), input).await
    }

    /// Says that a problem is over.
    async fn condition_resolve(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which, and since when")] input: ConditionResolveInput,
    ) -> Result<ConditionChangePayload> {
        problem::resolve(session(ctx), input).await
    }

    /// Makes one problem of several records of it: one is kept, the others are marked as mistakes and say which one stands for them.
    async fn condition_merge(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which is kept, and which are the same")] input: ConditionMergeInput,
    ) -> Result<ConditionMergePayload> {
        problem::merge(session(ctx), input).await
    }

    /// Says that somebody was told of a critical result and said back what was heard. A practitioner who is named has it from then on.
    async fn critical_result_notify(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Of what, and who was told")] input: CriticalResultNotifyInput,
    ) -> Result<CriticalResultNotifyPayload> {
        critical::notify(session(ctx), input).await
    }

    /// A list of patients as a table that leaves the system; the audit has the reason and everybody on it before it is answered.
    async fn patient_list_export(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which patients, and why")] input: PatientListExportInput,
    ) -> Result<PatientListExport> {
        patient_export::export(session(ctx), input).await
    }

    /// Keeps a question of the asking party's own, or a phrase for notes, under a name.
    async fn saved_query_save(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What is kept")] input: SavedQuerySaveInput,
    ) -> Result<SavedQueriesPayload> {
        saved_query::save(session(ctx), input).await
    }

    /// Removes a question or a phrase of the asking party's own.
    async fn saved_query_remove(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which")] input: SavedQueryRemoveInput,
    ) -> Result<SavedQueriesPayload> {
        saved_query::remove(session(ctx), input).await
    }

    /// Registers somebody who cannot say who they are, under a name for the time being. What is found out later is told by `patientUpdate`, and
    /// when the person turns out to be on record, by a merge.
    async fn patient_register_unknown(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What can be seen")] input: PatientRegisterUnknownInput,
    ) -> Result<PatientRegisterPayload> {
        registration::register_unknown(session(ctx), input).await
    }

    /// Says that a list of the chart was looked through, as it was seen.
    async fn list_review(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which list, and what was seen on it")] input: ListReviewInput,
    ) -> Result<ListReviewPayload> {
        review::review(session(ctx), input).await
    }

    /// Records an allergy, and ends what said that there is none.
    async fn allergy_record(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What is recorded")] input: AllergyRecordInput,
    ) -> Result<AllergyRecordPayload> {
        allergy::record(session(ctx), input).await
    }

    /// Changes an allergy.
    async fn allergy_update(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What changes")] input: AllergyUpdateInput,
    ) -> Result<AllergyChangePayload> {
        allergy::update(session(ctx), input).await
    }

    /// Rules an allergy out, with the reason.
    async fn allergy_refute(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which, and why")] input: AllergyRefuteInput,
    ) -> Result<AllergyChangePayload> {
        allergy::refute(session(ctx), input).await
    }

    /// Says that there is no known allergy. It is refused while one is on record.
    async fn allergy_none_known(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Whose, and to what")] input: AllergyNoneKnownInput,
    ) -> Result<AllergyNoneKnownPayload> {
        allergy::none_is_known(session(ctx), input).await
    }

    /// Records a vaccination that was given, told of, or declined.
    async fn immunization_record(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What is recorded")] input: ImmunizationRecordInput,
    ) -> Result<ImmunizationRecordPayload> {
        immunization::record(session(ctx), input).await
    }

    /// Changes a vaccination.
    async fn immunization_update(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What changes")] input: ImmunizationUpdateInput,
    ) -> Result<ImmunizationUpdatePayload> {
        immunization::update(session(ctx), input).await
    }

    /// Records the vital signs of one moment. Abnormal values are recorded and flagged; impossible ones are refused.
    async fn vitals_record(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What was measured")] input: VitalsRecordInput,
    ) -> Result<VitalsRecordPayload> {
        vitals::record(session(ctx), input).await
    }

    /// Records what was measured at one moment by the rows of a flowsheet. Abnormal values are recorded and flagged; impossible ones are
    /// refused, and so are values of rows that are computed from others.
    async fn flowsheet_record(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What was measured")] input: FlowsheetRecordInput,
    ) -> Result<FlowsheetRecordPayload> {
        flowsheet::record(session(ctx), input).await
    }

    /// Registers a patient under a new medical record number. Who may be on record already is told first.
    async fn patient_register(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Who")] input: PatientRegisterInput,
    ) -> Result<PatientRegisterPayload> {
        registration::register(session(ctx), input).await
    }

    /// Changes what identifies a patient and how to reach them.
    async fn patient_update(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What changes")] input: PatientUpdateInput,
    ) -> Result<PatientUpdatePayload> {
        registration::update(session(ctx), input).await
    }

    /// Proposes to a second person that two records are of one person.
    async fn patient_merge_propose(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which, and how it is known")] input: PatientMergeProposeInput,
    ) -> Result<PatientMergeProposePayload> {
        merge::propose(session(ctx), input).await
    }

    /// Merges two records as somebody else proposed. Each keeps what was recorded under it; the chart of the one in use shows both.
    async fn patient_merge(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What was proposed")] input: PatientMergeInput,
    ) -> Result<PatientMergePayload> {
        merge::merge(session(ctx), input).await
    }

    /// Proposes to a second person that a merge was a mistake.
    async fn patient_unmerge_propose(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which, and how it is known")] input: PatientUnmergeProposeInput,
    ) -> Result<PatientMergeProposePayload> {
        merge::propose_undoing(session(ctx), input).await
    }

    /// Parts two records again as somebody else proposed: each as it was before, or, when it was changed since, without the merge's links.
    async fn patient_unmerge(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What was proposed")] input: PatientUnmergeInput,
    ) -> Result<PatientUnmergePayload> {
        merge::unmerge(session(ctx), input).await
    }

    /// Records a death. It ends the patient's orders and calls off the appointments to come, so it is for who may do that, unless there
    /// are none.
    async fn patient_record_death(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Who, and when")] input: PatientRecordDeathInput,
    ) -> Result<PatientRecordDeathPayload> {
        death::record(session(ctx), input).await
    }

    /// Corrects what is said of a death. Orders that it ended stay ended.
    async fn patient_correct_death(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What is to be said instead")] input: PatientCorrectDeathInput,
    ) -> Result<PatientCorrectDeathPayload> {
        death::correct(session(ctx), input).await
    }

    /// Records somebody who is something to the patient.
    async fn related_person_record(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Who")] input: RelatedPersonRecordInput,
    ) -> Result<RelatedPersonRecordPayload> {
        household::record_person(session(ctx), input).await
    }

    /// Changes what is known of somebody who is something to the patient.
    async fn related_person_update(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What changes")] input: RelatedPersonUpdateInput,
    ) -> Result<RelatedPersonUpdatePayload> {
        household::update_person(session(ctx), input).await
    }

    /// Says that somebody is nothing to the patient any more.
    async fn related_person_end(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Who")] input: RelatedPersonEndInput,
    ) -> Result<RelatedPersonEndPayload> {
        household::end_person(session(ctx), input).await
    }

    /// Records who pays. Two that pay first at one time are refused.
    async fn coverage_record(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What is recorded")] input: CoverageRecordInput,
    ) -> Result<CoverageRecordPayload> {
        household::record_coverage(session(ctx), input).await
    }

    /// Changes a coverage. Two that pay first at one time are refused.
    async fn coverage_update(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What changes")] input: CoverageUpdateInput,
    ) -> Result<CoverageUpdatePayload> {
        household::update_coverage(session(ctx), input).await
    }

    /// Ends a coverage.
    async fn coverage_end(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which, and when")] input: CoverageEndInput,
    ) -> Result<CoverageEndPayload> {
        household::end_coverage(session(ctx), input).await
    }

    /// Records what the patient has agreed to or refused. A refusal is on record and does not by itself hide anything yet: labels do.
    async fn consent_record(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What is recorded")] input: ConsentRecordInput,
    ) -> Result<ConsentRecordPayload> {
        background::record_consent(session(ctx), input).await
    }

    /// Takes a consent back; it stays to be read.
    async fn consent_withdraw(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which, and why")] input: ConsentWithdrawInput,
    ) -> Result<ConsentWithdrawPayload> {
        background::withdraw_consent(session(ctx), input).await
    }

    /// Records what a relative has or had.
    async fn family_history_record(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What is recorded")] input: FamilyHistoryRecordInput,
    ) -> Result<FamilyHistoryRecordPayload> {
        background::record_family(session(ctx), input).await
    }

    /// Changes what is told of a relative.
    async fn family_history_update(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What changes")] input: FamilyHistoryUpdateInput,
    ) -> Result<FamilyHistoryUpdatePayload> {
        background::update_family(session(ctx), input).await
    }

    /// States that no illness is known in the family, or why nothing can be listed. It ends with the first illness of a relative.
    async fn family_history_none_known(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Of whose family, and why")] input: FamilyHistoryNoneKnownInput,
    ) -> Result<FamilyHistoryNoneKnownPayload> {
        family::none_is_known(session(ctx), input).await
    }

    /// Makes a team that cares for a patient. Who is named in it treats the patient from then on.
    async fn care_team_create(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Whose, and who")] input: CareTeamCreateInput,
    ) -> Result<CareTeamCreatePayload> {
        team::create(session(ctx), input).await
    }

    /// Changes a care team: who joins it, who leaves it, whether it ends.
    async fn care_team_update(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What changes")] input: CareTeamUpdateInput,
    ) -> Result<CareTeamUpdatePayload> {
        team::update(session(ctx), input).await
    }

    /// Records a procedure that was done, or was not done for a reason.
    async fn procedure_record(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What is recorded")] input: ProcedureRecordInput,
    ) -> Result<ProcedureRecordPayload> {
        treatment::record_procedure(session(ctx), input).await
    }

    /// Changes what is recorded of a procedure.
    async fn procedure_update(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What changes")] input: ProcedureUpdateInput,
    ) -> Result<ProcedureUpdatePayload> {
        treatment::update_procedure(session(ctx), input).await
    }

    /// Records what the patient takes, took or does not take, as is told. It orders nothing.
    async fn medication_statement_record(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What is recorded")] input: MedicationStatementRecordInput,
    ) -> Result<MedicationStatementRecordPayload> {
        treatment::record_statement(session(ctx), input).await
    }

    /// Changes what is told of a medicine that the patient takes.
    async fn medication_statement_update(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What changes")] input: MedicationStatementUpdateInput,
    ) -> Result<MedicationStatementUpdatePayload> {
        treatment::update_statement(session(ctx), input).await
    }

    /// Puts a document with its file on record.
    async fn document_record(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What is put on record")] input: DocumentRecordInput,
    ) -> Result<DocumentRecordPayload> {
        document::record(session(ctx), input).await
    }

    /// Puts a newer document in the place of one, which is superseded and stays to be read.
    async fn document_replace(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which, and the newer one")] input: DocumentReplaceInput,
    ) -> Result<DocumentReplacePayload> {
        document::replace(session(ctx), input).await
    }

    /// Keeps what somebody is writing. Only the author sees it, and it is no version of any record.
    async fn note_draft(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What is written so far")] input: NoteDraftInput,
    ) -> Result<NoteDraftPayload> {
        note::keep(session(ctx), input).await
    }

    /// Throws one's own draft away.
    async fn note_discard(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which")] input: NoteDiscardInput,
    ) -> Result<NoteDiscardPayload> {
        note::discard(session(ctx), input).await
    }

    /// Puts a note on record, not signed, or changes one that is not signed. For its author.
    async fn note_edit(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What it says")] input: NoteEditInput,
    ) -> Result<NoteEditPayload> {
        note::edit(session(ctx), input).await
    }

    /// Signs a note of one's own. It does not change any more; with a second signature asked for, once that is there.
    async fn note_sign(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which")] input: NoteSignInput,
    ) -> Result<NoteSignPayload> {
        note::sign(session(ctx), input).await
    }

    /// Gives a note the second signature that one was asked for.
    async fn note_cosign(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which")] input: NoteCosignInput,
    ) -> Result<NoteCosignPayload> {
        note::cosign(session(ctx), input).await
    }

    /// Adds to a signed note. The addendum is a signed note of its own; the note itself stays as it is.
    async fn note_addend(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "To which, and what")] input: NoteAddendInput,
    ) -> Result<NoteAddendPayload> {
        note::addend(session(ctx), input).await
    }

    /// Marks a note as a mistake. It stays to be read, struck through, with the reason.
    async fn note_retract(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which, and why")] input: NoteRetractInput,
    ) -> Result<NoteRetractPayload> {
        note::retract(session(ctx), input).await
    }

    /// Submits a questionnaire that was filled in. Where the sum of its answers is published it is recorded too, and an answer that is
    /// urgent becomes a task.
    async fn questionnaire_submit(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which, and the answers")] input: QuestionnaireSubmitInput,
    ) -> Result<QuestionnaireSubmitPayload> {
        questionnaire::submit(session(ctx), input).await
    }

    /// Marks something as recorded by mistake. It stays visible, with the reason.
    async fn record_enter_in_error(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What, and why")] input: RecordEnterInErrorInput,
    ) -> Result<RecordEnterInErrorPayload> {
        correction::record(session(ctx), input).await
    }

    /// Begins a visit, or admits a patient to a stay.
    async fn encounter_start(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What begins")] input: EncounterStartInput,
    ) -> Result<EncounterStartPayload> {
        encounter::start(session(ctx), input).await
    }

    /// Moves a patient to another bed or ward.
    async fn encounter_transfer(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Who goes where")] input: EncounterTransferInput,
    ) -> Result<EncounterTransferPayload> {
        encounter::transfer(session(ctx), input).await
    }

    /// Says that a visit is over.
    async fn encounter_finish(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which")] input: EncounterFinishInput,
    ) -> Result<EncounterFinishPayload> {
        encounter::finish(session(ctx), input).await
    }

    /// Says which problem or diagnosis an encounter is mainly about.
    async fn encounter_principal_set(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which, and of which encounter")] input: EncounterPrincipalSetInput,
    ) -> Result<EncounterPrincipalSetPayload> {
        encounter::set_principal(session(ctx), input).await
    }

    /// Ends a stay. Its orders are not stopped by it: those in force are named in the answer.
    async fn encounter_discharge(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which, and where the patient goes")] input: EncounterDischargeInput,
    ) -> Result<EncounterDischargePayload> {
        encounter::discharge(session(ctx), input).await
    }

    /// Cancels an encounter in which nothing was recorded.
    async fn encounter_cancel(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which, and why")] input: EncounterCancelInput,
    ) -> Result<EncounterCancelPayload> {
        encounter::cancel(session(ctx), input).await
    }

    /// Sends a message to persons or pools: each gets a task to read it.
    async fn message_send(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "To whom, and what it says")] input: MessageSendInput,
    ) -> Result<MessageSendPayload> {
        message::send(session(ctx), input).await
    }

    /// Says that a message was read, so that it waits no more.
    async fn notification_read(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which")] input: NotificationReadInput,
    ) -> Result<TaskPayload> {
        message::read(session(ctx), input).await
    }

    /// Opens time of a practitioner for appointments: a schedule and its slots, unless there are slots at that time already.
    async fn schedule_open(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Whose time, when, and in which slots")] input: ScheduleOpenInput,
    ) -> Result<ScheduleOpenPayload> {
        opening::open(session(ctx), input).await
    }

    /// Books an appointment, unless somebody who takes part is busy.
    async fn appointment_book(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What is agreed")] input: AppointmentBookInput,
    ) -> Result<AppointmentBookPayload> {
        schedule::book(session(ctx), input).await
    }

    /// Moves an appointment; its slots are freed.
    async fn appointment_reschedule(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which, and when to")] input: AppointmentRescheduleInput,
    ) -> Result<AppointmentReschedulePayload> {
        schedule::reschedule(session(ctx), input).await
    }

    /// Calls an appointment off; its slots are freed.
    async fn appointment_cancel(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which, and why")] input: AppointmentCancelInput,
    ) -> Result<AppointmentStepPayload> {
        schedule::cancel(session(ctx), input).await
    }

    /// Says that the patient is here, and opens the visit.
    async fn appointment_check_in(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which")] input: AppointmentCheckInInput,
    ) -> Result<AppointmentCheckInPayload> {
        schedule::check_in(session(ctx), input).await
    }

    /// Says that an appointment took place.
    async fn appointment_fulfil(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which")] input: AppointmentFulfilInput,
    ) -> Result<AppointmentStepPayload> {
        schedule::fulfil(session(ctx), input).await
    }

    /// Says that the patient did not come.
    async fn appointment_no_show(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which")] input: AppointmentNoShowInput,
    ) -> Result<AppointmentStepPayload> {
        schedule::no_show(session(ctx), input).await
    }

    /// Asks somebody to do something.
    async fn task_create(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What is to be done")] input: TaskCreateInput,
    ) -> Result<TaskPayload> {
        task::create(session(ctx), input).await
    }

    /// Takes a task.
    async fn task_claim(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which")] input: TaskClaimInput,
    ) -> Result<TaskClaimPayload> {
        task::claim(session(ctx), input).await
    }

    /// Passes a task on.
    async fn task_reassign(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which, and to whom")] input: TaskReassignInput,
    ) -> Result<TaskPayload> {
        task::reassign(session(ctx), input).await
    }

    /// Says that a task is done.
    async fn task_complete(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which, and what came of it")] input: TaskCompleteInput,
    ) -> Result<TaskPayload> {
        task::complete(session(ctx), input).await
    }

    /// Calls a task off.
    async fn task_cancel(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which, and why")] input: TaskCancelInput,
    ) -> Result<TaskPayload> {
        task::cancel(session(ctx), input).await
    }

    /// Says that a final result was seen and thought about, for the version that was seen.
    async fn result_acknowledge(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which")] input: ResultAcknowledgeInput,
    ) -> Result<ResultAcknowledgePayload> {
        task::acknowledge(session(ctx), input).await
    }

    /// Runs a quality measure over a calendar year and keeps its figures, for who sees all patients. Charts that are opened to one person
    /// alone are left as they are for everybody.
    #[graphql(complexity = "500 + child_complexity")]
    async fn measure_run(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which, and of which year")] input: MeasureRunInput,
    ) -> Result<MeasureRunPayload> {
        measure::run(session(ctx), input).await
    }

    /// Makes a care plan.
    async fn care_plan_create(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What is planned")] input: CarePlanCreateInput,
    ) -> Result<CarePlanCreatePayload> {
        care::create(session(ctx), input).await
    }

    /// Changes a care plan, or closes it.
    async fn care_plan_update(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What changes")] input: CarePlanUpdateInput,
    ) -> Result<CarePlanUpdatePayload> {
        care::update(session(ctx), input).await
    }

    /// Sets a goal.
    async fn goal_set(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What is to be reached")] input: GoalSetInput,
    ) -> Result<GoalPayload> {
        care::set_goal(session(ctx), input).await
    }

    /// Says how far a goal is reached.
    async fn goal_progress_record(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which, and how far")] input: GoalProgressRecordInput,
    ) -> Result<GoalPayload> {
        care::record_progress(session(ctx), input).await
    }
}

/// The document of an act's first write.
fn first(saved: Vec<Document>) -> Result<Document> {
    saved.into_iter().next().ok_or_else(wrote_nothing)
}

fn wrote_nothing() -> async_graphql::Error {
    error::graphql(&StoreError::Internal("an act wrote nothing".into()))
}

/// The newest matches, as the person may see them; none of a type that they may not search.
async fn search(
    session: &Session,
    resource_type: ResourceType,
    pairs: &[(String, String)],
    limit: u32,
) -> Result<Vec<Document>> {
    if !session.actor.may(Interaction::Search, resource_type) {
        return Ok(Vec::new());
    }
    let query = crate::session::query(resource_type, pairs, &[], session.now).map_err(|e| error::graphql(&e))?;
    let page = PageRequest { limit, ..PageRequest::default() };
    Ok(List::search(session, query, &page).await?.documents)
}

/// The codes of a concept as values of a token search.
fn search_codes(concept: &ConceptInput) -> Vec<String> {
    let escaped = crate::query::escaped;
    let codings = concept.codings.iter().flatten();
    codings.map(|c| format!("{}|{}", escaped(c.system.trim()), escaped(c.code.trim()))).collect()
}

/// Puts a dateTime in the place of an element that may have several types, whichever it had.
fn replace_choice(draft: &mut Draft, base: &str, name: &'static str, value: Option<&DateTime>) {
    if let Some(value) = value {
        remove_choice(draft, base);
        draft.set(name, Json::from(value.0.clone()));
    }
}

/// Takes an element that may have several types away, its extensions included.
fn remove_choice(draft: &mut Draft, base: &str) {
    let is_it = |name: &str| {
        let rest = name.trim_start_matches('_').strip_prefix(base);
        rest.is_some_and(|r| r.starts_with(|c: char| c.is_ascii_uppercase()))
    };
    let names: Vec<String> = draft.document.iter().map(|(n, _)| n.to_owned()).filter(|n| is_it(n)).collect();
    for name in names {
        draft.document.remove(&name);
    }
}
