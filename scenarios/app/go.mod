module planaria.local/app

go 1.25
