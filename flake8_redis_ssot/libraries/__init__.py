"""What client libraries and frameworks offer, as data: to support one is to add its rows here, and a fixture."""
