INSERT INTO fruits (fruit, color, fruit_folded, color_folded) VALUES (:fruit, :color, :fruit, :color) RETURNING id;
