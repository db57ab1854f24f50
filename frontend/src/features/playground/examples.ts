/** Questions to begin with: real operations of the committed schema (a test validates each). Codes are SNOMED CT, LOINC and HL7 ActCode. */
export interface Example { title: string; about: string; query: string; variables?: Readonly<Record<string, unknown>> }
export interface ExampleGroup { title: string; examples: readonly Example[] }

export const EXAMPLES: readonly ExampleGroup[] = [
  {
    title: 'Cohorts',
    examples: [
      {
        title: 'People with type 2 diabetes',
        about: 'Who has the problem on record, how many there are, and their latest HbA1c and creatinine.',
        query: `query DiabetesCohort($first: Int!, $after: String) {
  patients(
    first: $first
    after: $after
    fhirQuery: "_has:Condition:patient:code=http://snomed.info/sct|44054006"
  ) {
    totalCount
    pageInfo { hasNextPage endCursor }
    nodes {
      mrn
      gender
      birthDate
      age { value unit }
      latestResults(category: LABORATORY, codes: ["LOINC|4548-4", "LOINC|2160-0"], first: 2) {
        code { text }
        observation {
          effectiveAt
          interpretation
          value { ... on Quantity { value unit } }
        }
      }
    }
  }
}`,
        variables: { first: 15, after: null },
      },
      {
        title: 'Older people on several medicines',
        about: 'Born in a year or before, alive, with the prescriptions in force: who might need a medication review. Analysts ask by whole years.',
        query: `query Polypharmacy($bornUntil: String!) {
  patients(
    first: 25
    filter: { deceased: false }
    fhirQuery: $bornUntil
  ) {
    totalCount
    pageInfo { hasNextPage endCursor }
    nodes {
      mrn
      birthDate
      medicationRequests(first: 10, filter: { status: [ACTIVE] }) {
        totalCount
        nodes { medication { text } dosageText }
      }
    }
  }
}`,
        variables: { bornUntil: 'birthdate=le1954' },
      },
    ],
  },
  {
    title: 'Trends',
    examples: [
      {
        title: 'HbA1c over time',
        about: 'Every HbA1c of a page of patients in one unit. Results that cannot be converted are listed with the reason.',
        query: `query HbA1cTrends {
  patients(
    first: 10
    fhirQuery: "_has:Observation:patient:code=http://loinc.org|4548-4"
  ) {
    totalCount
    pageInfo { hasNextPage endCursor }
    nodes {
      mrn
      trend(code: "LOINC|4548-4") {
        unit
        points { at value interpretation }
        excluded { at reason unit }
      }
    }
  }
}`,
      },
      {
        title: 'Abnormal results of one panel',
        about: 'The newest potassium, sodium and creatinine of each patient who had one, with how they are flagged.',
        query: `query Electrolytes {
  patients(
    first: 15
    sort: LAST_UPDATED_DESC
    fhirQuery: "_has:Observation:patient:code=http://loinc.org|2823-3"
  ) {
    totalCount
    pageInfo { hasNextPage endCursor }
    nodes {
      mrn
      latestResults(category: LABORATORY, codes: ["LOINC|2823-3", "LOINC|2951-2", "LOINC|2160-0"], first: 3) {
        code { text }
        change
        observation {
          effectiveAt
          interpretation
          value { ... on Quantity { value unit } }
        }
      }
    }
  }
}`,
      },
    ],
  },
  {
    title: 'Utilization',
    examples: [
      {
        title: 'Emergency visits and admissions per patient',
        about: 'People who were in the emergency department, with how many visits and stays of each kind they have had.',
        query: `query Utilization {
  patients(first: 20, fhirQuery: "_has:Encounter:patient:class=EMER") {
    totalCount
    pageInfo { hasNextPage endCursor }
    nodes {
      mrn
      birthDate
      emergency: encounters(first: 1, filter: { class: "EMER" }) { totalCount }
      admissions: encounters(first: 1, filter: { class: "IMP" }) { totalCount }
      outpatient: encounters(first: 1, filter: { class: "AMB" }) { totalCount }
      last: encounters(first: 1) { nodes { period { start } types { text } } }
    }
  }
}`,
      },
      {
        title: 'Stays that began in a period',
        about: 'Inpatient stays by their start, with length and reason. Change the dates in the variables.',
        query: `query Stays($period: DateRange!) {
  patients(first: 25, fhirQuery: "_has:Encounter:patient:class=IMP") {
    totalCount
    pageInfo { hasNextPage endCursor }
    nodes {
      mrn
      encounters(first: 5, filter: { class: "IMP", date: $period }) {
        nodes { status period { start end } reasons { text } serviceProvider { display } }
      }
    }
  }
}`,
        variables: { period: { low: '2025-01-01', high: '2027-01-01' } },
      },
    ],
  },
]
