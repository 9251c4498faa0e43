/// x
pub struct Confirmed;
