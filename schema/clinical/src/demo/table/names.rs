//! Invented people need names: a neutral list of common given and family names of many origins, our own selection.

pub const FEMALE: &[&str] = &[
    "Adaeze", "Aisha", "Alma", "Amara", "Amelia", "Ana", "Anjali", "Anna", "Astrid", "Beatriz", "Camila", "Carmen", "Chloe",
    "Clara", "Dalia", "Daniela", "Deborah", "Diana", "Elena", "Elif", "Eliza", "Emma", "Esther", "Fatima", "Freya", "Gloria",
    "Grace", "Hana", "Hannah", "Ines", "Ingrid", "Isabel", "Ivana", "Jasmine", "Joanna", "Julia", "Karin", "Katarina", "Keiko",
    "Lakshmi", "Laura", "Leila", "Lena", "Lillian", "Linh", "Lucia", "Mai", "Malia", "Margaret", "Maria", "Maya", "Mei",
    "Miriam", "Monique", "Nadia", "Naomi", "Nia", "Noor", "Nora", "Olga", "Olivia", "Patricia", "Priya", "Rachel", "Renata",
    "Rosa", "Ruth", "Sadia", "Samira", "Sara", "Shirin", "Sofia", "Susan", "Tamar", "Teresa", "Thandiwe", "Uma", "Valentina",
    "Vera", "Wanjiru", "Xiomara", "Yara", "Yasmin", "Yuki", "Zainab", "Zofia",
];

pub const MALE: &[&str] = &[
    "Aaron", "Abdul", "Adrian", "Ahmed", "Alejandro", "Amir", "Anders", "Andre", "Anthony", "Arjun", "Arturo", "Benjamin",
    "Bilal", "Boris", "Carlos", "Charles", "Chidi", "Daniel", "Darius", "David", "Dmitri", "Eduardo", "Elias", "Emeka", "Enzo",
    "Ethan", "Felix", "Fernando", "Francis", "Gabriel", "George", "Hassan", "Henry", "Hiroshi", "Hugo", "Ibrahim", "Imran",
    "Isaac", "Ivan", "Jamal", "James", "Javier", "John", "Jonas", "Jose", "Joseph", "Kamal", "Kenji", "Kofi", "Kwame", "Lars",
    "Leo", "Liam", "Luis", "Malik", "Marcus", "Mateo", "Matthias", "Michael", "Miguel", "Minh", "Mohammed", "Nathan", "Nikolai",
    "Noah", "Oliver", "Omar", "Oscar", "Pablo", "Patrick", "Peter", "Rafael", "Rajesh", "Robert", "Samuel", "Sanjay", "Sergio",
    "Stefan", "Tariq", "Thomas", "Tomas", "Viktor", "Wei", "William", "Yusuf", "Zachary",
];

pub const FAMILY: &[&str] = &[
    "Abbott", "Abebe", "Acosta", "Adeyemi", "Ahmed", "Ali", "Alvarez", "Andersen", "Arslan", "Baker", "Banerjee", "Barbosa",
    "Becker", "Begum", "Bergstrom", "Bianchi", "Boateng", "Brennan", "Campbell", "Cardoso", "Carter", "Castillo", "Chandra",
    "Chavez", "Chen", "Cohen", "Collins", "Cruz", "Dang", "Davis", "Diaz", "Diallo", "Dubois", "Edwards", "Eriksen", "Evans",
    "Farah", "Fernandez", "Fischer", "Flores", "Foster", "Fujita", "Garcia", "Gill", "Gomez", "Gonzalez", "Green", "Gupta",
    "Haddad", "Halvorsen", "Hansen", "Harris", "Hassan", "Hernandez", "Hoang", "Horvat", "Huang", "Hughes", "Hussein",
    "Ibrahim", "Ito", "Ivanov", "Jackson", "Jensen", "Jimenez", "Johnson", "Kaplan", "Kaur", "Kelly", "Khan", "Kim", "King",
    "Kovacs", "Kowalski", "Kumar", "Larsen", "Lee", "Lewis", "Li", "Lopez", "Mahmoud", "Martin", "Martinez", "Mendoza",
    "Mensah", "Miller", "Mitchell", "Moreno", "Morgan", "Murphy", "Mwangi", "Nakamura", "Ndlovu", "Nelson", "Nguyen", "Novak",
    "Nwosu", "Obi", "OBrien", "Okafor", "Olsen", "Ortiz", "Osman", "Park", "Patel", "Pereira", "Perez", "Petrov", "Pham",
    "Popescu", "Quinn", "Rahman", "Ramirez", "Ramos", "Reyes", "Rivera", "Robinson", "Rossi", "Ruiz", "Saito", "Salazar",
    "Sanchez", "Santos", "Sato", "Schmidt", "Shah", "Sharma", "Silva", "Singh", "Smith", "Sokolov", "Suzuki", "Tanaka",
    "Taylor", "Thompson", "Torres", "Tran", "Turner", "Vargas", "Vasquez", "Vega", "Vu", "Walker", "Wang", "White", "Williams",
    "Wilson", "Wong", "Wright", "Yilmaz", "Young", "Zhang", "Zimmerman",
];

pub const STREETS: &[&str] = &[
    "Alder Street", "Birch Avenue", "Canal Road", "Cedar Lane", "Church Street", "Elm Street", "Garden Street", "Harbor Road",
    "Hill Street", "Juniper Way", "Lake Drive", "Linden Street", "Maple Avenue", "Market Street", "Meadow Lane", "Mill Road",
    "North Street", "Oak Street", "Orchard Road", "Park Avenue", "Pine Street", "Quarry Lane", "River Road", "School Street",
    "South Street", "Spring Street", "Station Road", "Sycamore Lane", "Walnut Street", "Willow Court",
];

/// Invented towns with an invented postal code; the state is Massachusetts so addresses have a legal form.
pub const TOWNS: &[(&str, &str)] = &[
    ("Ashby Falls", "01998"), ("Brookmere", "01997"), ("Carrow", "01996"), ("Dunmore Harbor", "01995"), ("Eastwick", "01994"),
    ("Fenbridge", "01993"), ("Greyford", "01992"), ("Halden", "01991"), ("Ives Landing", "01990"), ("Kestrel Point", "01989"),
];

/// BCP-47 language with display and share. Source: of the order of US Census ACS, language spoken at home.
pub const LANGUAGES: &[(&str, &str, f64)] = &[
    ("en", "English", 0.79), ("es", "Spanish", 0.13), ("zh", "Chinese", 0.02), ("fr", "French", 0.015), ("de", "German", 0.01),
    ("pt", "Portuguese", 0.015), ("ru", "Russian", 0.01), ("it", "Italian", 0.01),
];
