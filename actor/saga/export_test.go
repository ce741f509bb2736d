package saga

// Limit makes a driver that has not run yet remember less than usual.
func (d *Driver) Limit(transfers, holds int) { d.limits = limits{transfers, holds} }
